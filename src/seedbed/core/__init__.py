"""What a value is: its fields, distributions, texts and errors. This room knows no layer and no optimizer."""
