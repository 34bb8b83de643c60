"""What Seedbed's speed is measured with. Run `python -m benchmarks.population` and `python -m benchmarks.search`."""
