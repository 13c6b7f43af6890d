"""Reading for pages: one module per subject. Every query that returns a patient's data notes the access."""
