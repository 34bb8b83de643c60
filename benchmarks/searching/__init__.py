"""What `benchmarks.search` consists of: contests, contestants, their processes, the table, the figure, scaling."""
