"""Work that no page waits for: integrity checks, and later reminders and exports."""
