"""`stemwise export` and `stemwise import` as they are used: private files, whole or not at all, one line where it fails."""

from __future__ import annotations

import csv
import json
import stat
import sys
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot import cli
from bot.app import build
from bot.commands.demo import LABEL, Walk
from bot.settings import read_settings
from flows.handing import NOTHING_RECORDED, ON_THE_WAY
from flows.storage.people import People


@pytest.fixture
def home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("STEMWISE_HOME", str(folder / "home"))
    monkeypatch.setenv("STEMWISE_KEY_FILE", str(folder / "key"))
    monkeypatch.setenv("STEMWISE_TIMEZONE", "Europe/Madrid")
    return folder


@pytest.fixture
def walked(home: Path, capfd: pytest.CaptureFixture[str]) -> Path:
    """An installation with the fictional case in it."""
    app = build(read_settings())
    with app.store.transaction() as tx:
        account = People(tx).local_clinician()
    Walk(app.engine, account).intake()
    app.close()
    capfd.readouterr()
    return home


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def command(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(list(arguments))
        out, err = capfd.readouterr()
        return code, out, err

    return command


Run = Callable[..., tuple[int, str, str]]


def elsewhere(monkeypatch: pytest.MonkeyPatch, folder: Path, run: Run) -> None:
    """From now on another, empty installation."""
    monkeypatch.setenv("STEMWISE_HOME", str(folder / "home2"))
    monkeypatch.setenv("STEMWISE_KEY_FILE", str(folder / "key2"))
    assert run("cases")[0] == 0  # makes its key


def test_every_format_is_written_as_a_private_file_and_nothing_else_is_left(walked: Path, run: Run) -> None:
    for name, begin in (("json", b"{"), ("csv", b"case_id,"), ("fhir", b"{"), ("pdf", b"%PDF-")):
        code, out, err = run("export", LABEL, "--format", name, "--out", f"case.{name}")
        assert (code, out, err) == (0, f"case.{name}\n", "")
        path = walked / f"case.{name}"
        assert path.read_bytes().startswith(begin)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(p.name for p in walked.iterdir() if p.is_file()) == [
        "case.csv",
        "case.fhir",
        "case.json",
        "case.pdf",
        "key",
    ]
    again = walked / "case.fhir"
    before = again.read_bytes()
    assert run("export", LABEL, "--format", "fhir", "--out", "case.fhir")[0] == 0
    assert again.read_bytes() == before
    report = next(
        e["resource"] for e in json.loads(before)["entry"] if e["resource"]["resourceType"] == "DiagnosticReport"
    )
    assert report["presentedForm"][0]["size"] == len((walked / "case.pdf").read_bytes())


def test_a_case_goes_to_another_installation_and_back_to_the_same_bytes(
    walked: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("export", LABEL, "--format", "json", "--out", "one.json")[0] == 0
    elsewhere(monkeypatch, walked, run)
    monkeypatch.setenv("STEMWISE_TIMEZONE", "Pacific/Auckland")
    assert run("import", "one.json")[0] == 0
    assert run("export", LABEL, "--format", "json", "--out", "two.json")[0] == 0
    assert (walked / "one.json").read_bytes() == (walked / "two.json").read_bytes()
    code, out, err = run("import", "one.json")
    assert (code, out) == (2, "")
    assert "is there already" in err


def test_before_an_export_somebody_at_a_terminal_reads_who_must_not_learn_of_it(
    walked: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exported() -> tuple[str, str]:
        code, out, err = run("export", LABEL, "--format", "csv", "--out", str(walked / "a.csv"))
        assert code == 0, err
        return out, err

    in_a_pipe = exported()
    assert in_a_pipe[1] == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    out, err = exported()
    assert out == in_a_pipe[0], "what a program reads stays the same"
    assert err.splitlines() == [NOTHING_RECORDED, ON_THE_WAY]
    said = ("--relation", "her aunt", "--responsible", "no", "--must-not-learn", "the father")
    assert run("invite", LABEL, *said)[0] == 0
    _, err = exported()
    assert err.splitlines() == [
        "• her aunt: does not hold parental responsibility",
        "• Must not learn of it: the father",
        ON_THE_WAY,
    ]
    assert run("export", LABEL, "--format", "csv", "--out", str(walked / "none" / "a.csv"))[0] == 2


def answers_in(path: Path) -> dict[str, Any]:
    record = json.loads(path.read_bytes())
    rows = [r for e in record["encounters"] for i in e["interviews"] for r in i["responses"] if not r["superseded"]]
    return {r["item"]: (r["kind"], r["value"], r["label"], r["text"], r["bulk"]) for r in rows}


@pytest.mark.parametrize("part", ["bundle", "response"])
def test_a_fhir_export_comes_back_with_the_same_answers(
    walked: Path, run: Run, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    assert run("export", LABEL, "--format", "json", "--out", "one.json")[0] == 0
    assert run("export", LABEL, "--format", "fhir", "--out", "one.fhir")[0] == 0
    more = []
    if part == "response":
        bundle = json.loads((walked / "one.fhir").read_bytes())
        kinds = {e["resource"]["resourceType"]: e["resource"] for e in bundle["entry"]}
        (walked / "one.fhir").write_text(json.dumps(kinds["QuestionnaireResponse"]))
        more = ["--label", LABEL, "--born", kinds["Patient"]["birthDate"]]
    elsewhere(monkeypatch, walked, run)
    code, _, err = run("import", "one.fhir", *more)
    assert (code, err) == (0, ""), err
    assert run("export", LABEL, "--format", "json", "--out", "two.json")[0] == 0
    assert answers_in(walked / "two.json") == answers_in(walked / "one.json")
    code, _, err = run("import", "one.fhir", *more)
    assert code == 2
    assert err.count("\n") == 1


def test_one_informants_answers_are_given_as_json_and_csv_only(walked: Path, run: Run) -> None:
    assert run("export", LABEL, "--format", "json", "--out", "all.json")[0] == 0
    record = json.loads((walked / "all.json").read_bytes())
    informant = record["encounters"][0]["interviews"][0]["informant"]["id"]
    assert run("export", LABEL, "--format", "json", "--out", "own.json", "--informant", informant)[0] == 0
    assert LABEL not in (walked / "own.json").read_text("utf-8")
    assert run("export", LABEL, "--format", "csv", "--out", "own.csv", "--informant", informant)[0] == 0
    with (walked / "own.csv").open(encoding="utf-8", newline="") as file:
        assert {row["informant"] for row in csv.DictReader(file)} == {"clinician"}
    for arguments, word in (
        (("--format", "fhir", "--informant", informant), "--informant"),
        (("--format", "csv", "--informant", "nobody"), informant),
    ):
        code, out, err = run("export", LABEL, *arguments, "--out", "none")
        assert (code, out) == (2, "")
        assert word in err
        assert err.count("\n") == 1
        assert not (walked / "none").exists()


def test_what_cannot_be_written_leaves_nothing_behind(walked: Path, run: Run) -> None:
    for out in ("no/such/folder.json", "home"):
        code, _, err = run("export", LABEL, "--format", "json", "--out", out)
        assert code == 2
        assert err.count("\n") == 1
    assert run("export", "Nobody", "--format", "csv", "--out", "x.csv")[0] == 2
    assert not (walked / "x.csv").exists()
    assert not list(walked.glob(".*"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"nothing",
        b"[]",
        b"{}",
        b"3",
        b"[" * 100_000,
        b'{"schema": NaN}',
        b'{"schema": "stemwise-case/1", "label": "\\ud800"}',
        b'{"resourceType": "Bundle"}',
        b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "QuestionnaireResponse"}}]}',
        b'{"resourceType": "QuestionnaireResponse", "status": "completed"}',
        b'{"resourceType": ["Bundle"]}',
        b'{"resourceType": "Patient"}',
        b'{"schema": "stemwise-case/1", "record": "stemwise-record/1", "born": "2018-01-01", "assessed": "2026-01-01"}',
        b'{"schema": "stemwise-answers/1", "case_id": "x"}',
    ],
)
def test_a_bad_file_ends_with_exit_2_and_one_line(home: Path, run: Run, content: bytes) -> None:
    assert run("cases")[0] == 0
    (home / "bad.json").write_bytes(content)
    code, out, err = run("import", "bad.json")
    assert (code, out) == (2, "")
    assert err.startswith("stemwise: bad.json")
    assert err.count("\n") == 1
    assert json.loads(run("cases", "--json")[1]) in ([], {"cases": []})


@pytest.mark.parametrize("form", ["json", "fhir"])
def test_a_key_that_stands_twice_in_one_object_is_refused(
    walked: Path, run: Run, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """Which of the two counts is nobody's to guess."""
    assert run("export", LABEL, "--format", form, "--out", "one")[0] == 0
    elsewhere(monkeypatch, walked, run)
    whole = (walked / "one").read_text("utf-8")
    key = {"json": "label", "fhir": "resourceType"}[form]
    (walked / "two").write_text(whole.replace("{", f'{{"{key}": "Other", ', 1), "utf-8")
    assert f'"{key}": "Other"' in (walked / "two").read_text("utf-8")
    code, out, err = run("import", "two")
    assert (code, out) == (2, "")
    assert err == f"stemwise: two: {key}: stands twice in one object (keep one of them)\n"
    assert run("import", "one")[0] == 0, "what was exported comes in"


def test_exports_are_made_on_the_paper_that_is_set(walked: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEMWISE_PAPER", "Letter")
    assert run("export", LABEL, "--format", "pdf", "--out", "case.pdf")[0] == 0
    assert b"612.00 792.00" in (walked / "case.pdf").read_bytes()
    assert run("export", LABEL, "--format", "fhir", "--out", "case.fhir")[0] == 0
    bundle = json.loads((walked / "case.fhir").read_bytes())
    report = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "DiagnosticReport")
    assert b64decode(report["presentedForm"][0]["data"]) == (walked / "case.pdf").read_bytes()


def test_a_case_of_which_nothing_was_asked_has_no_report_but_a_bundle(home: Path, run: Run) -> None:
    app = build(read_settings())
    with app.store.transaction() as tx:
        account = People(tx).local_clinician()
    walk = Walk(app.engine, account)
    walk.press("New case")
    walk._take("text", text="Robin")
    walk._take("text", text="2018-03-14")
    app.close()
    assert run("export", "Robin", "--format", "pdf", "--out", "x.pdf")[0] == 2
    assert run("export", "Robin", "--format", "fhir", "--out", "x.fhir")[0] == 0
    kinds = [e["resource"]["resourceType"] for e in json.loads((home / "x.fhir").read_bytes())["entry"]]
    assert kinds == ["Questionnaire", *["StructureDefinition"] * 4, "Patient"]
    assert run("export", "Robin", "--format", "csv", "--out", "x.csv")[0] == 0
    assert (home / "x.csv").read_text("utf-8").count("\n") == 1
