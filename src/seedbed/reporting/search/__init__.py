"""The report of a search: what was tried, what it came to, and how much of the winner was luck."""
