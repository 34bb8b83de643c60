"""How the structure of a Jacobian is found in the linearised program of a function, kept, and used."""
