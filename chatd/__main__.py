"""`python -m chatd`: the door for a checkout. The verbs live in chatd/cli.py."""

import sys

from chatd.cli import main

if __name__ == "__main__":
    sys.exit(main())
