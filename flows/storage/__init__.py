"""The store: sealed rows in an embedded database (or PostgreSQL), one transaction a turn."""
