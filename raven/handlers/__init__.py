"""Ways by which other libraries hand their errors to Raven."""
