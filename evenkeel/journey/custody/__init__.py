"""The drug ledger's use cases: whatever moves drug goes through a book of the lots that it touches."""
