"""Tests, by what they prove; see the folders."""
