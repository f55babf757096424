"""Cases out and in again, in files that other programs read."""
