"""The readers: one file for each format, and `registry` which says by a file's ending who reads it.

A reader of tables gives a `RawTable`, a reader of images or arrays a `Raw`. A new format is one file here and one line
in `registry.READERS`. Libraries are imported where they are used, so that naming a reader costs nothing.
"""
