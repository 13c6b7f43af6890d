"""A seeded clinic of made-up people, played through the same doors that real ones use.

Staff act through the journey's use cases and monitors speak over a socket; nothing here knows a table. The
same seed and anchor give the same record, entry for entry, on any database.
"""
