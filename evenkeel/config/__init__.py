"""Settings, addresses and the one place where everything is wired."""
