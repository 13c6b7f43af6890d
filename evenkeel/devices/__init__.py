"""Monitors and their messages: bytes in, observations out. Knows no store, no framework and no clock."""
