"""What `seedbed jacobian` shows: the structure of a Jacobian in words, as a picture of blocks, and as a page."""
