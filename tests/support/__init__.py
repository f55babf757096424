"""What the tests stand on: a local Bot API server and a client that acts as people with phones."""
