"""`python -m bot` is `stemwise`."""

import sys

from bot.cli import main

sys.exit(main())
