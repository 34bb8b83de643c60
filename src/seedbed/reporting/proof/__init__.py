"""The proof of remedies as sentences, as a figure and as a page."""
