"""The database backend of a clinic on SQLite."""
