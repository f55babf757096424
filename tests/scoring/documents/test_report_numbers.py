"""The report as a PDF says what a second, independent scorer found: twenty random people, read back as text."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from scoring.documents.pdf import to_pdf
from scoring.documents.report import report
from scoring.documents.words import Wording
from tests.scoring import independent
from tests.scoring.documents.made import png, result_of
from tests.scoring.strategies import make_case, random_recipe

PICTURES = {"map": png(), "history": png(40, 44)}
STATUSES = {"ahead": "ahead", "as_expected": "as expected", "behind": "behind", "far_behind": "far behind"}
PEOPLE = 20

pytestmark = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler's pdftotext is not installed")


def text_of(pdf: bytes, folder: Path) -> str:
    path = folder / "report.pdf"
    path.write_bytes(pdf)
    run = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, check=True, timeout=60)
    return re.sub(r"\s+", " ", run.stdout.decode())


def whole(percent: float) -> str:
    """As it is printed outside JSON. A tenth of 5 does not tell which way the exact value rounds: the caller leaves it out."""
    return str(Decimal(str(percent)).quantize(Decimal(1), ROUND_HALF_EVEN))


@pytest.mark.parametrize("seed", range(PEOPLE))
def test_the_numbers_of_a_report_are_those_of_a_second_scorer(seed: int, tmp_path: Path) -> None:
    case = make_case(random_recipe(random.Random(seed)))
    profile = independent.profile(case)
    result = result_of(case)
    words = Wording(result)
    text = text_of(to_pdf(report(result), PICTURES), tmp_path)
    for name, domain in profile["domains"].items():
        if domain["percent"] is not None and domain["percent"] * 10 % 10 != 5:
            printed = re.search(rf"{re.escape(words.domain(name))} \([^)]*\) (\d+)% of what is expected", text)
            assert printed, name
            assert printed[1] == whole(domain["percent"])
        elif domain["percent"] is None:
            assert not re.search(rf"{re.escape(words.domain(name))} \([^)]*\) \d+% of what is expected", text)
    for function in profile["functions"]:
        rated = "?" if function["rating"] is None else str(function["rating"])
        place = f"{words.function(function['id'])} {rated} of {function['expected']}: "
        if function["status"] in STATUSES:
            assert f"{place}{STATUSES[function['status']]}" in text
        elif function["expected"] is not None and function["rating"] is None and function["status"] is None:
            assert f"{place}not known" in text
    for step in profile["plan"]:
        for activity in step["activities"]:
            # a table breaks lines where it must, so a name is looked for word by word in its order
            name = r"\s.*?".join(map(re.escape, words.activity(activity).name.split()))
            assert re.search(name, text), activity
    assert_flags(profile, words, text)


def assert_flags(profile: dict[str, Any], words: Wording, text: str) -> None:
    for flag in profile["safety"]:
        assert words.flag(flag["id"])[:30].casefold() in text.casefold()
    still_open = len(profile["safety_unknown"])
    if still_open:
        assert re.search(rf"\b{still_open} safety questions? (is|are) still open", text)
    else:
        assert "No safety question is left open" in text
