"""`chatd bench URL`: what a server bears, measured by a crowd of clients from outside.
How chatd compares with others is measured in tests/bench, with other means."""
