"""Proofs that nothing is lost: programs run by hand, `python -m tests.proofs.NAME --count N --seed S`, with a share of each in CI.

What each proves, how it is run, and what full runs gave stands in `docs/reliability.md`.
"""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
# The checkout comes first, so that `scoring` is the package and never the folder `tests/scoring`; `support` is found too.
for folder in (str(TESTS), str(ROOT)):
    if folder in sys.path:
        sys.path.remove(folder)
sys.path.insert(0, str(ROOT))
sys.path.append(str(TESTS))
