"""`chatctl`: commands for a running chatd over its control socket. It starts at once: it imports
nothing of the house and nothing that is not Python's own."""
