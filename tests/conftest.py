"""What every test shares: where modules are found, and how hard generated tests try.

`HYPOTHESIS_PROFILE=thorough` tries many more examples, and other ones each time; the default, `ci`, tries the same few
in every run, so that a red build is a change of the code and never of the dice.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, configuration, settings

TESTS = Path(__file__).parent
# The checkout comes first, so that `scoring` is the package and never the folder `tests/scoring`; `support` is found too.
for folder in (str(TESTS), str(TESTS.parent)):
    if folder in sys.path:
        sys.path.remove(folder)
sys.path.insert(0, str(TESTS.parent))
sys.path.append(str(TESTS))

configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "stemwise-hypothesis")  # nothing in the checkout
_SHARED = {"deadline": None, "database": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("ci", max_examples=60, derandomize=True, print_blob=False, **_SHARED)
settings.register_profile("thorough", max_examples=2000, print_blob=True, **_SHARED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
