"""Treatment: the remedies for what was found, each trained beside the sick setup over several seeds, and the proof."""
