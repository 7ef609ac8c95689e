"""`chatd doctor`: looks at a host and its chatd, changes nothing, and says what to do.
The checks are listed in table.py; all they know of the system comes through host.py's port."""

from chatd.ops.doctor.verb import doctor

__all__ = ["doctor"]
