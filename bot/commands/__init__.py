"""One file a verb: what a command reads, does and prints."""
