"""How much is told of every member while it learns; apart from the signals, since it needs no JAX."""

import numpy as np

OFF, ECONOMY, FULL = "off", "economy", "full"
LEVELS = (OFF, ECONOMY, FULL)
EVERY = 16  # steps between two looks
# Histograms are over asinh(10 a), which is straight near 0 and a logarithm far from it.
EDGES = np.sinh(np.linspace(-6, 6, 32)) / 10
