"""Compare sends both maps, and from three encounters on the course of all of them, named by ids and nothing else."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from support.encounters import INFANT, finished
from support.walker import Clinic, Walker

from bot.cli import main
from bot.terminal import Terminal
from flows.views import News
from scoring import figures
from scoring.compare import CompareError
from scoring.documents.comparison import NOT_TO_BE_READ_AS
from scoring.documents.markdown import escaped
from scoring.result import Result
from scoring.trend import trend


@pytest.fixture
def robin(walker: Walker) -> Walker:
    """Two finished encounters, standing at the results of the second."""
    walker.new_case("Robin", INFANT)
    finished(walker)
    assert not walker.has("Compare")
    finished(walker, again=True)
    return walker


def all_sent(walker: Walker) -> None:
    engine = walker.clinic.engine
    for waiting in engine.waiting_for(walker.account_id):
        engine.news_sent(waiting, [])


def asked(walker: Walker) -> list[News]:
    """What a tap on Compare queues; all that waited before is taken as sent."""
    all_sent(walker)
    walker.tap("Compare")
    return [waiting.news for waiting in walker.clinic.engine.waiting_for(walker.account_id)]


def results_of(clinic: Clinic, body: dict[str, Any]) -> list[Result]:
    named = [*body["earlier"], {"encounter": body["encounter"], "number": body["number"]}]
    return [clinic.engine.result_of(one["encounter"], one["number"]) for one in named]


def encounters(clinic: Clinic) -> list[str]:
    case_id = clinic.case_id("Robin")
    with clinic.desk() as desk:
        return [e.id for e in desk.cases.encounters(case_id)]


def test_two_encounters_are_compared_and_have_no_course(robin: Walker) -> None:
    (only,) = asked(robin)
    assert only.kind == "compare"
    first, second = encounters(robin.clinic)
    assert (only.body["before"], only.body["encounter"]) == (first, second)


def test_from_three_encounters_on_the_course_comes_too_and_names_all_of_them(robin: Walker) -> None:
    finished(robin, again=True)
    compared, course = asked(robin)
    assert (compared.kind, course.kind) == ("compare", "trend")
    assert compared.is_protected
    assert course.is_protected
    first, second, third = encounters(robin.clinic)
    assert compared.body["before"] == second
    assert course.body == {
        "encounter": third,
        "number": 1,
        "edits": 0,
        "earlier": [{"encounter": first, "number": 1}, {"encounter": second, "number": 1}],
    }
    assert len(trend(results_of(robin.clinic, course.body)).results) == 3


def test_the_newest_result_of_each_encounter_is_named(robin: Walker) -> None:
    robin.tap("Change an answer")
    robin.until("Review", "Next")
    robin.tap("Finish")
    finished(robin, again=True)
    _, course = asked(robin)
    assert [one["number"] for one in course.body["earlier"]] == [1, 2]


def test_an_encounter_entered_in_error_counts_in_no_comparison(robin: Walker) -> None:
    finished(robin, again=True)
    for words in ("Back", "Entered in error", "Yes, entered in error", "Results"):
        robin.tap(words)
    (only,) = asked(robin)
    assert only.kind == "compare"
    first, second, _ = encounters(robin.clinic)
    assert (only.body["before"], only.body["encounter"]) == (first, second)
    finished(robin, again=True)
    _, course = asked(robin)
    assert [one["encounter"] for one in course.body["earlier"]] == [first, second]


def test_what_was_entered_in_error_on_another_phone_is_not_compared_from_a_screen_that_still_stands(
    robin: Walker,
) -> None:
    before = robin.screen
    other = robin.clinic.clinician(address="2")
    other.tap("My cases")
    other.tap(other.buttons[0])
    other.tap("Entered in error")
    other.tap("Yes, entered in error")
    robin.tap("Compare", on=before)
    kinds = [waiting.news.kind for waiting in robin.clinic.engine.waiting_for(robin.account_id)]
    assert "compare" not in kinds
    assert not robin.has("Compare")


def test_a_course_of_two_is_refused(robin: Walker) -> None:
    (only,) = asked(robin)
    with pytest.raises(CompareError):
        trend(results_of(robin.clinic, {**only.body, "earlier": [{"encounter": only.body["before"], "number": 1}]}))


def test_the_terminal_writes_both_pictures_and_says_them_in_words(robin: Walker, tmp_path: Path) -> None:
    finished(robin, again=True)
    all_sent(robin)
    engine, out = robin.clinic.engine, StringIO()
    account = engine.account_of(robin.account_id)
    Terminal(engine, account, lines=iter(["compare"]), out=out, results_folder=tmp_path).run()
    pictures = {path.name: path for path in tmp_path.rglob("*.png")}
    assert set(pictures) == {"compare.png", "trend.png"}
    said = " ".join(out.getvalue().split())
    for path in pictures.values():
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_mode & 0o077 == 0
        assert f"The picture is {path}" in said
    first, second, third = encounters(robin.clinic)
    course = trend([engine.result_of(encounter, 1) for encounter in (first, second, third)])
    assert " ".join(figures.trend_alt(course).split()) in said
    assert all(sentence in said for sentence in NOT_TO_BE_READ_AS)
    assert engine.waiting_for(robin.account_id) == [], "shown once"


# --- at the command line ----------------------------------------------------------------------------------------------

WRITTEN = ["compare.json", "profile-before.json", "profile-after.json", "compare.png", "compare.md"]
VECTORS = Path(__file__).parents[1] / "vectors"


class Files:
    """Case files and exports in a folder, and what `stemwise compare` makes of two of them."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self._folder, self._capture = folder, capture
        self.err = ""

    def keep(self, name: str, content: dict[str, Any]) -> None:
        (self._folder / name).write_text(json.dumps(content), "utf-8")

    def compared(self, before: str, after: str, *, code: int = 0) -> list[str]:
        """The names of the files that were written."""
        self._capture.readouterr()
        assert (
            main(["compare", *(str(self._folder / name) for name in (before, after)), "--out", str(self.out)]) == code
        )
        done = self._capture.readouterr()
        self.err = done.err
        return [Path(line).name for line in done.out.splitlines() if line.startswith(str(self.out))]

    @property
    def out(self) -> Path:
        return self._folder / "out"

    @property
    def words(self) -> str:
        return (self.out / "compare.md").read_text("utf-8")


@pytest.fixture
def files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Files:
    return Files(tmp_path, capsys)


def test_the_words_say_what_a_change_may_not_be_read_as_and_why_a_domain_cannot_be_compared(files: Files) -> None:
    before, after = (json.loads(next(VECTORS.glob(f"{n}*.case.json")).read_bytes()) for n in ("08", "09"))
    files.keep("before.json", before)
    files.keep("after.json", after | {"set_aside": [*(after.get("set_aside") or []), "reading_and_writing"]})
    assert files.compared("before.json", "after.json") == WRITTEN
    assert all(escaped(sentence) in files.words for sentence in NOT_TO_BE_READ_AS)
    assert "Cannot be compared: not the same functions are set aside" in files.words
    assert "](compare.png)" in files.words
    assert "All encounters" not in files.words
    assert not files.err


def test_exports_with_three_results_bring_the_course_as_picture_and_table(robin: Walker, files: Files) -> None:
    files.keep("two.json", robin.clinic.record("Robin"))
    assert files.compared("two.json", "two.json") == WRITTEN
    robin.clinic.clock.advance(days=40)
    finished(robin, again=True)
    files.keep("three.json", robin.clinic.record("Robin"))
    assert files.compared("two.json", "three.json") == [*WRITTEN, "trend.png"]
    assert (files.out / "trend.png").read_bytes().startswith(b"\x89PNG")
    assert "](trend.png)" in files.words
    table = files.words.partition("## All encounters")[2].partition("\n## ")[0]
    assert [row.split(" | ")[0].strip("| ") for row in table.splitlines() if row.startswith("| ")][2:] == [
        "14 March 2026",
        "14 March 2026",
        "23 April 2026",
    ]


def test_a_case_file_counts_beside_an_export_and_what_was_entered_in_error_does_not(
    robin: Walker, files: Files
) -> None:
    record = robin.clinic.record("Robin")
    earlier = {**record["encounters"][0]["results"][0]["case"], "assessed": "2026-03-11"}
    files.keep("before.json", earlier)
    files.keep("after.json", record)
    assert files.compared("before.json", "after.json") == [*WRITTEN, "trend.png"]
    record["encounters"][0]["state"] = "entered_in_error"
    files.keep("after.json", record)
    assert files.compared("before.json", "after.json") == WRITTEN
    files.keep("before.json", robin.clinic.record("Robin") | {"assessed": "2026-03-11"})
    assert files.compared("before.json", "after.json") == WRITTEN, "known to be in error by the later export"


@pytest.mark.parametrize("broken", [{"encounters": [{"id": "x"}]}, {"encounters": 3}, {"encounters": ["x"]}])
def test_what_is_no_export_inside_is_compared_as_before_and_it_is_said_why_there_is_no_course(
    robin: Walker, files: Files, broken: dict[str, Any]
) -> None:
    files.keep("one.json", robin.clinic.record("Robin") | broken)
    assert files.compared("one.json", "one.json") == WRITTEN
    assert files.err.startswith("No course is drawn: ")
    assert "one.json: encounters: is not as an export has it" in files.err
    assert files.err.count("\n") == 1
