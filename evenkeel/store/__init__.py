"""The only place that knows tables: the append-only log, projections written with it, and queries."""
