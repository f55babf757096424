"""What this project's code must never do is found: each ban on something that breaks it, and on something that does not.

The bans that need to know this project (what goes into a log, SQL as text) are Semgrep rules in `.ci/rules`, tried on
their own examples by `.ci/scan`; those below are ruff's.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
RULES = ROOT / ".ci" / "rules"


def found(code: str, path: str = "flows/example.py") -> set[str]:
    """Rules that ruff says a piece of code breaks, were it in this file."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=json", "--stdin-filename", path, "-"],
        input=code,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    return {entry["code"] for entry in json.loads(done.stdout)}


BREAKS = [
    ("DTZ005", "from datetime import datetime\n\nnow = datetime.now()\n"),
    ("DTZ003", "from datetime import datetime\n\nnow = datetime.utcnow()\n"),
    ("DTZ001", "from datetime import datetime\n\nday = datetime(2026, 1, 1)\n"),
    ("DTZ011", "from datetime import date\n\ntoday = date.today()\n"),
    ("TID251", "import matplotlib.pyplot as plt\n\nplt.figure()\n"),
    ("TID251", "from matplotlib import pyplot\n\npyplot.figure()\n"),
    ("T201", 'print("hello")\n'),
    ("S608", 'label = "x"\nquery = f"SELECT * FROM cases WHERE label = \'{label}\'"\n'),
    ("S301", "import pickle\n\n\ndef read(data: bytes) -> object:\n    return pickle.loads(data)\n"),
    ("S506", "import yaml\n\n\ndef read(text: str) -> object:\n    return yaml.load(text)\n"),
    ("S307", "def read(text: str) -> object:\n    return eval(text)\n"),
    ("S602", "import subprocess\n\nsubprocess.run('ls', shell=True)\n"),
    ("S306", "import tempfile\n\nname = tempfile.mktemp()\n"),
    ("S311", "import random\n\ncode = random.choice('abc')\n"),
    ("S324", "import hashlib\n\ndigest = hashlib.md5(b'x')\n"),
    ("S105", 'password = "swordfish"\n'),
    ("S501", "import httpx\n\nhttpx.get('https://example.org', verify=False)\n"),
    ("S110", "try:\n    x = 1\nexcept Exception:\n    pass\n"),
]

KEEPS = [
    "from datetime import UTC, datetime\n\nnow = datetime.now(UTC)\n",
    "from matplotlib.figure import Figure\n\nfigure = Figure()\n",
    "from sqlalchemy import select\n\nfrom flows.storage import models\n\nquery = select(models.Case.id)\n",
    "import yaml\n\n\ndef read(text: str) -> object:\n    return yaml.safe_load(text)\n",
    "import secrets\n\ncode = secrets.choice('abc')\n",
]


@pytest.mark.parametrize(("rule", "code"), BREAKS)
def test_what_breaks_a_ban_is_found(rule: str, code: str) -> None:
    assert rule in found(code)


@pytest.mark.parametrize("code", KEEPS)
def test_what_keeps_to_the_bans_is_left_alone(code: str) -> None:
    assert not {rule for rule in found(code) if re.match(r"DTZ|TID|T20|S\d", rule)}


def test_only_channels_and_commands_print() -> None:
    assert "T201" not in found('print("hello")\n', "bot/commands/example.py")
    assert "T201" in found('print("hello")\n', "scoring/example.py")


def test_each_rule_of_our_own_has_an_example_to_find_and_one_to_leave_alone() -> None:
    """Without one, a rule that has stopped finding anything would go unnoticed."""
    examples = (RULES / "bans.py").read_text("utf-8")
    for rule in yaml.safe_load((RULES / "bans.yaml").read_text("utf-8"))["rules"]:
        assert re.search(rf"# ruleid: .*\b{rule['id']}\b", examples), rule["id"]
        assert re.search(rf"# ok: .*\b{rule['id']}\b", examples), rule["id"]
