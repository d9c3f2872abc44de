"""A species classifier on the palmerpenguins data."""
