"""How much is told of every member while it learns."""

OFF, ECONOMY, FULL = "off", "economy", "full"
LEVELS = (OFF, ECONOMY, FULL)
EVERY = 16  # steps between two looks
