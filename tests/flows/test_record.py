"""The export of a case: exactly what was tapped, in order; back in, it is the same case, and a bad file leaves nothing."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select, update
from support.walker import Clinic, Walker

from bot.outputs import as_json
from flows.exchange.record import record_of
from flows.exchange.restore import restore
from flows.storage import models
from scoring.case import case_from
from scoring.problems import ContentError
from scoring.result import assess, profile_json


def responses(record: dict[str, Any], encounter: int = -1) -> list[dict[str, Any]]:
    (interview,) = record["encounters"][encounter]["interviews"]
    return interview["responses"]  # type: ignore[no-any-return]


def brief(record: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(r["item"], r["value"], r["label"], r["superseded"], r["bulk"], r["note"]) for r in responses(record)]


def test_an_export_holds_exactly_what_was_tapped_in_order(walker: Walker) -> None:
    walker.new_case()
    walker.tap("Hearing checked")
    walker.type("English")
    walker.type("note: sleeps badly")
    walker.tap("Hearing checked")
    walker.tap("All checked")
    walker.tap("Alcohol in pregnancy")
    walker.tap("Back")
    walker.tap("Next")
    walker.tap("Skip")
    record = walker.clinic.record("Robin")
    period = "history.before_birth.adversity"
    assert brief(record)[:6] == [
        ("facts.hearing_checked", True, "yes", True, False, None),
        ("facts.languages", "English", "English", False, False, None),
        ("facts", None, "", False, False, "sleeps badly"),
        ("facts.hearing_checked", False, "no", False, False, None),
        ("facts.sight_checked", True, "All checked", False, True, None),
        (f"{period}.alcohol_in_pregnancy", 1, "some", False, False, None),
    ]
    rest = brief(record)[6:]
    assert {row[1:] for row in rest} == {(None, "Skip", False, True, None)}
    assert len(rest) == len(walker.clinic.instrument.period["before_birth"].adversity) - 1
    times = [r["at"] for r in responses(record)]
    assert times == sorted(times)
    assert all(at.endswith("Z") for at in times)
    assert {r["informant"] for r in responses(record)} == {"clinician"}
    words = walker.clinic.instrument.words
    assert responses(record)[0]["text"] == words.facts["hearing_checked"].full


def test_the_latest_counts_and_notes_supersede_nothing(walker: Walker) -> None:
    walker.new_case()
    walker.fill_until("Sleep")
    walker.tap("3")
    walker.tap("Back")
    walker.type("note: one")
    walker.tap("Why this?")
    walker.tap("Set aside")
    walker.tap("Not sure")
    walker.tap("Back")
    walker.type("note: two")
    walker.tap("8")
    walker.tap("Back")
    walker.tap("Why this?")
    walker.tap("Count it again")
    rows = [r for r in responses(walker.clinic.record("Robin")) if r["item"] == "functions.sleep"]
    assert [(r["kind"], r["value"], r["superseded"]) for r in rows] == [
        ("answer", 3, True),
        ("note", None, False),
        ("set_aside", None, True),
        ("not_sure", None, True),
        ("note", None, False),
        ("answer", 8, False),
        ("counted_again", None, False),
    ]


def finished(clinic: Clinic) -> Walker:
    """A case with everything in it: notes, a flag taken back, one cleared and one open, two encounters, a second result."""
    walker = clinic.clinician()
    walker.new_case("Robin", "2025-11-20")
    walker.type("English")
    walker.tap("+")
    walker.tap("Next")
    walker.type("note: =SUM(1) “quoted” \u2028 ünïcode 😀")
    walker.until("Infancy", "None of these", "All steady")
    walker.tap("Violence at home")
    walker.tap("None of these")
    walker.tap("Yes")
    walker.tap("Yes")
    walker.tap("Not known")
    walker.until("Sleep", "All steady", "As expected for age")
    walker.tap("Why this?")
    walker.tap("Set aside")
    walker.tap("2")
    walker.until("Safety", "Skip", "Not sure")
    walker.tap("Harmed lately")
    walker.tap("Harmed lately")
    walker.tap("Missing now") if walker.has("Missing now") else walker.tap("Skills lost")
    walker.tap("None of these")
    walker.tap("Finish")
    walker.tap("Change an answer")
    walker.tap("Functioning")
    walker.tap("Appetite and feeding")
    walker.tap("4")
    walker.tap("‹ Back")
    walker.tap("Finish")
    walker.command("start")
    walker.tap_this(walker.screen.buttons[0])
    walker.tap_this(walker.screen.buttons[0])
    walker.type("Seen; settled with the lead.")
    walker.command("cases")
    walker.tap(walker.buttons[0])
    clinic.clock.advance(days=90)
    walker.tap("Reassess")
    walker.tap("All checked")
    walker.tap("Pause")
    walker.command("cases")
    walker.tap(walker.buttons[0])
    walker.tap("Hold")
    return walker


def test_an_export_scores_as_the_same_answers_do(clinic: Clinic) -> None:
    walker = finished(clinic)
    record = clinic.record("Robin")
    instrument = clinic.instrument
    direct = assess(case_from(json.loads(as_json(record)), instrument), instrument)
    encounter = record["encounters"][0]
    kept = clinic.engine.result_of(encounter["id"], encounter["results"][-1]["number"])
    assert profile_json(direct)["domains"] == profile_json(kept)["domains"]
    assert profile_json(direct)["functions"] == profile_json(kept)["functions"]
    assert record["assessed"] == encounter["assessed"], "the top level is the latest finished encounter"
    assert record["instrument"]["sha256"] == instrument.sha256
    assert [len(e["results"]) for e in record["encounters"]] == [2, 0]
    assert [f["state"] for f in record["flags"]].count("cleared") == 1
    assert record["on_hold"] is True
    assert walker.heading.startswith("Robin")


@pytest.mark.parametrize("zone_hours", [0, 11])
def test_an_import_exported_again_gives_the_same_bytes(zone_hours: int, make_clinic: Any) -> None:
    from datetime import timedelta, timezone

    source = make_clinic()
    finished(source)
    exported = as_json(source.record("Robin"))
    other = make_clinic(secret=b"z" * 32, zone=timezone(timedelta(hours=zone_hours)))
    other.clock.advance(days=400)
    walker = other.clinician("Dr Else", "77")
    bring(other, json.loads(exported))
    assert as_json(other.record("Robin")) == exported
    assert other.faults() == []
    walker.command("cases")
    walker.tap(walker.buttons[0])
    walker.tap("End the hold")
    walker.tap("Go on")
    assert walker.heading == "Paused" or walker.heading
    if walker.has("Go on"):
        walker.tap("Go on")
    walker.fill_until("Review")


def test_a_case_that_is_only_made_goes_out_and_in_as_well(make_clinic: Any) -> None:
    source = make_clinic()
    walker = source.clinician()
    walker.command("new")
    walker.type("Sam")
    walker.type("1 May 1985")
    exported = as_json(source.record("Sam"))
    case_from(json.loads(exported), source.instrument)
    other = make_clinic()
    other.clinician("Dr Else", "77")
    other.clock.advance(days=9)
    bring(other, json.loads(exported))
    assert as_json(other.record("Sam")) == exported


def bring(clinic: Clinic, record: Any) -> str:
    with clinic.desk() as desk:
        clinician = next(iter(desk.people.clinicians()))
        return restore(desk, record, clinician.id, "case.json")


# --- bad files -------------------------------------------------------------------------------------------------------


def rows(clinic: Clinic) -> dict[str, int]:
    with clinic.desk() as desk:
        return {
            t.name: desk.tx.session.scalar(select(func.count()).select_from(t)) or 0
            for t in models.Base.metadata.sorted_tables
        }


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    clinic = Clinic(tmp_path_factory.mktemp("source"), rebuilds=False)
    finished(clinic)
    record = json.loads(as_json(clinic.record("Robin")))
    clinic.close()
    return record  # type: ignore[no-any-return]


@pytest.fixture
def empty(make_clinic: Any) -> Clinic:
    clinic = make_clinic(rebuilds=False)
    clinic.clinician("Dr Else", "77")
    return clinic  # type: ignore[no-any-return]


@pytest.mark.parametrize("junk", [None, [], {}, "text", 7, {"schema": "stemwise-case/1"}, {"schema": "other/1"}])
def test_what_is_no_export_is_refused(junk: Any, empty: Clinic) -> None:
    before = rows(empty)
    with pytest.raises(ContentError):
        bring(empty, junk)
    assert rows(empty) == before


def test_an_id_or_a_label_that_is_there_is_refused_and_leaves_nothing(exported: dict[str, Any], empty: Clinic) -> None:
    bring(empty, exported)
    before = rows(empty)
    with pytest.raises(ContentError, match="there already"):
        bring(empty, exported)
    renamed = {**exported, "label": "Other", "case_id": "bcdfghjkmn"}
    with pytest.raises(ContentError):  # its encounters are another case's
        bring(empty, renamed)
    relabelled = {**exported, "label": " ROBIN", "case_id": "bcdfghjkmn", "encounters": [], "flags": []}
    with pytest.raises(ContentError):
        bring(empty, relabelled)
    assert rows(empty) == before


@pytest.mark.parametrize(
    "case_id", ["../../etc", "..", "/", "a/b", "", "x" * 65, "Robin Sample", "é", "a\x00b", 7, None]
)
def test_an_id_that_could_name_another_folder_is_refused(case_id: Any, exported: dict[str, Any], empty: Clinic) -> None:
    before = rows(empty)
    with pytest.raises(ContentError):
        bring(empty, {**exported, "case_id": case_id})
    assert rows(empty) == before


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from places(inner, (*path, place))


JUNK: tuple[Any, ...] = (None, 5, -1, "banana", "", [], {}, True, 1.5, "2026-01-01T00:00:00", "x" * 300, "../..")


def damaged(record: dict[str, Any], dice: random.Random) -> tuple[dict[str, Any], str]:
    """A copy with one thing taken out or put in the place of another."""
    changed = copy.deepcopy(record)
    kept = ("case_id", "label", "created_at", "on_hold", "encounters", "flags", "last_activity_at", "record")
    path = dice.choice([p for p in places(record) if p[0] in kept])
    at: Any = changed
    for step in path[:-1]:
        at = at[step]
    if dice.random() < 0.3:
        del at[path[-1]]
        return changed, f"without {path}"
    junk = dice.choice(JUNK)
    at[path[-1]] = junk
    return changed, f"{path} = {junk!r}"


def refuse_or_take(clinic: Clinic, record: dict[str, Any], what: str, before: dict[str, int]) -> None:
    """Either it is refused and leaves nothing, or it comes in and can be worked with and exported as it was."""
    try:
        with clinic.desk() as desk:
            clinician = next(iter(desk.people.clinicians()))
            case_id = restore(desk, record, clinician.id, "case.json")
            for name in ("encounters", "flags", "label", "case_id", "created_at", "on_hold"):
                assert record_of(desk, case_id)[name] == record[name], what
    except ContentError as refused:
        line = str(refused)
        assert line.startswith("case.json"), (what, line)
        assert "\n" not in line, what
        assert rows(clinic) == before, what
        return
    walker = Walker(clinic, "77")
    walker.command("cases")
    walker.open_from_elsewhere("open", case_id)
    for words in ("Go on", "Go on"):
        if walker.has(words):
            walker.tap(words)
    for words in ("Next", "Back", "Pause"):
        if walker.has(words):
            walker.tap(words)
    walker.command("start")
    with clinic.desk() as desk:
        desk.cases.erase_case(case_id)


@pytest.mark.parametrize("seed", range(16))
def test_a_damaged_export_is_refused_whole_or_can_be_worked_with(
    seed: int, exported: dict[str, Any], empty: Clinic
) -> None:
    dice, before = random.Random(seed), rows(empty)
    record, what = damaged(exported, dice)
    refuse_or_take(empty, record, what, before)


@pytest.mark.slow
def test_hundreds_of_damaged_exports_are_refused_whole_or_can_be_worked_with(
    exported: dict[str, Any], make_clinic: Any
) -> None:
    dice = random.Random(4)
    for _ in range(400):
        clinic = make_clinic(rebuilds=False)
        clinic.clinician("Dr Else", "77")
        before = rows(clinic)
        record, what = damaged(exported, dice)
        refuse_or_take(clinic, record, what, before)
        clinic.close()


def test_a_case_names_the_version_its_answers_were_taken_with(walker: Walker) -> None:
    """Begun before an upgrade and finished after it: a comparison must not take it for one of the new version."""
    walker.new_case()
    walker.fill_until("Review")
    with walker.clinic.desk() as desk:
        desk.tx.session.execute(update(models.Interview).values(instrument_version="0.2.0"))
    walker.tap("Finish")
    (result,) = walker.clinic.record("Robin")["encounters"][0]["results"]
    assert result["case"]["instrument"]["version"] == "0.2.0"
    assert result["instrument_version"] == walker.clinic.instrument.version
