"""Decides: pure functions, one module per stage of the journey. The limits are data in `rules`."""
