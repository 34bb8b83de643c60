"""What `seedbed explain` says: one file for each explanation, composed of functions, networks and measurements.

An explanation is a module with `sections(name)`, a line in `registry.py`, and its sentences in every catalogue of
messages. Every number in it is computed when it is asked for.
"""
