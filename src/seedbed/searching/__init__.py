"""Search: spaces, methods, rungs, and a study that survives and is shared."""
