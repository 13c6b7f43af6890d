"""Quantities, time, ids and issues: the words that every other layer speaks. Imports nothing of ours."""
