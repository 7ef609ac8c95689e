"""The terminal client, `chatd connect`: a program on chatd.client for people and for scripts.
What a chatd does with what it hears is everywhere else."""
