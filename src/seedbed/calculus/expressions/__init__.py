"""Arithmetic on named arrays as text: read into a tree, never evaluated as Python; its shapes, and its function."""
