"""What can be written: one frozen payload per entry kind, the hash chain, and state by folding."""
