"""`python -m chatd.ctl` is chatctl."""

import sys

from chatd.ctl.main import main

sys.exit(main())
