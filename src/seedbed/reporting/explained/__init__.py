"""What `seedbed explain` shows: an explanation as a value, in the terminal, on a page and in a notebook."""
