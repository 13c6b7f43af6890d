"""Pages: a view makes one call, a presenter hands plain values to a template."""
