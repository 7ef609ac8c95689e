"""chatd: a team's own chat on its own hosts."""

__version__ = "0.1.0"
