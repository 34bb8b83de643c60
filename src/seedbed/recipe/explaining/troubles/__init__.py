"""What goes wrong with a function in a network, one file each: measured, with the remedy measured beside."""
