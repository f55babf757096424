"""The documents hold: their commands and examples run, their links lead somewhere, and they say only what may be said."""

from __future__ import annotations

import argparse
import doctest
import importlib.util
import io
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from bot import cli
from bot.settings import Settings
from scoring.case import read_case
from scoring.instrument import load
from scoring.instrument.model import Activity, Function, FunctionText, HarmFactor, Rules, SafetyQuestion
from scoring.result import assess, profile_json

ROOT = Path(__file__).parents[1]
VECTORS = ROOT / "tests" / "vectors"
PAGES = {p.relative_to(ROOT).as_posix(): p for p in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])}
TEXTS = {name: path.read_text("utf-8") for name, path in PAGES.items()}
#: The one page that may cite the literature on named models, and the sheet that lists the words not to use.
MAY_NAME_TERMS = {"docs/science.md", "docs/wording.md"}
#: Programs that a command line in the documents may begin with, besides our own.
PROGRAMS = {"python", "python3", "pip", "pytest", "ruff", "mypy", "lint-imports"}
#: Commands that are parsed and not run here: they talk to Telegram, take long, or draw what another on the page has drawn.
NOT_RUN = {"serve", "demo", "pdf", "fhir"}
INSTRUMENT = load()


@dataclass(frozen=True)
class Fence:
    """A fenced block of a page: what it is written in, its content, and the line it begins at."""

    page: str
    language: str
    content: str
    line: int

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def fences(page: str) -> Iterator[Fence]:
    language, start, held = "", 0, []
    for number, line in enumerate(TEXTS[page].splitlines(), start=1):
        if line.startswith("```"):
            if start:
                yield Fence(page, language, "\n".join(held) + "\n", start)
                start, held = 0, []
            else:
                language, start = line[3:].strip(), number
        elif start:
            held.append(line)
    assert not start, f"{page}: the block of line {start} has no end"


FENCES = [f for page in PAGES for f in fences(page)]


def commands(fence: Fence) -> Iterator[list[str]]:
    """Every command of a console block as words, those joined by `&&` one by one."""
    for line in fence.content.replace("\\\n", " ").splitlines():
        for part in line.split("&&"):
            if words := shlex.split(part, comments=True):
                yield words


def ours(words: list[str]) -> list[str] | None:
    """The arguments of a `stemwise` command, `None` for another program."""
    return words[1:] if Path(words[0]).name == "stemwise" else None


# --- commands -----------------------------------------------------------------------------------------------------------


def test_every_block_says_what_it_is_written_in() -> None:
    known = {"console", "python", "json", "yaml", "mermaid", "text"}
    assert [str(f) for f in FENCES if f.language not in known] == []


@pytest.mark.parametrize("fence", [f for f in FENCES if f.language == "console"], ids=str)
def test_every_command_is_one_that_exists(fence: Fence) -> None:
    for words in commands(fence):
        if (arguments := ours(words)) is None:
            assert Path(words[0]).name in PROGRAMS, f"{fence}: {words[0]} is not a program the documents may use"
        else:
            assert cli.parser().parse_args(arguments).run, f"{fence}: {' '.join(words)}"


def _subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found.update(action.choices)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_command_named_in_a_sentence_exists(page: str) -> None:
    """`stemwise VERB …` in running text: the verb, its second verb where it has one, and every option."""
    verbs = _subcommands(cli.parser())
    for code in re.findall(r"`stemwise ([^`]+)`", TEXTS[page]):
        first, *rest = code.split()
        if first.startswith("--"):
            continue
        assert first in verbs, f"{page}: stemwise {code}"
        parser = verbs[first]
        if (inner := _subcommands(parser)) and rest and not rest[0].startswith("-"):
            assert rest[0] in inner, f"{page}: stemwise {code}"
            parser = inner[rest[0]]
        known = {option for action in parser._actions for option in action.option_strings}
        assert set(re.findall(r"--[a-z-]+", code)) <= known, f"{page}: stemwise {code}"


def test_every_command_is_named_somewhere() -> None:
    whole = "\n".join(TEXTS.values())
    table = re.findall(r"`(?:stemwise )?([a-z]+)[ `]", whole)
    assert set(_subcommands(cli.parser())) - set(table) == set()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the commands of the documents are about: two case files, and a case K-07 in the store."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "KEY_FILE", "TOKEN", "DATABASE_URL"):
        monkeypatch.delenv(f"STEMWISE_{name}", raising=False)
    monkeypatch.setenv("STEMWISE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STEMWISE_KEY_FILE", str(tmp_path / "keys" / "key"))
    shutil.copy(VECTORS / "08-heavy-early-adversity-6y.case.json", tmp_path / "before.json")
    shutil.copy(VECTORS / "09-after-a-year.case.json", tmp_path / "after.json")
    example = next(f for f in FENCES if f.page == "docs/formats.md" and f.language == "json")
    (tmp_path / "case.json").write_text(example.content, "utf-8")
    typed(monkeypatch, "New case\nK-07\n2018-03-14\nStart now\nEnglish\n")
    assert cli.main(["chat"]) == 0
    typed(monkeypatch, "")
    return tmp_path


def typed(monkeypatch: pytest.MonkeyPatch, lines: str) -> None:
    """What somebody types into the next command, as a pipe gives it."""
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(lines.encode()), isatty=lambda: False))


@pytest.mark.parametrize("page", sorted({f.page for f in FENCES if f.language == "console"}))
def test_the_commands_of_a_page_do_what_they_say(
    page: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the order of the page, on one installation."""
    for fence in (f for f in FENCES if f.page == page and f.language == "console"):
        for words in commands(fence):
            arguments = ours(words)
            if not arguments or NOT_RUN & set(arguments):
                continue
            if arguments[0] == "import":  # a case comes back after it is gone
                assert cli.main(["erase", "K-07", "--yes"]) == 0
            typed(monkeypatch, "")
            code = cli.main(arguments)
            assert code == 0, f"{fence}: {' '.join(words)}: {capsys.readouterr().err}"
    if page == "docs/formats.md":
        for folder, files in (
            ("result", ("profile.json", "summary.md", "map.png", "history.png", "report.pdf", "family.pdf")),
            ("change", ("compare.json", "compare.png", "compare.md", "profile-before.json", "profile-after.json")),
        ):
            assert sorted(p.name for p in (place / folder).iterdir()) == sorted(files)
            assert all(f"`{name}`" in TEXTS[page] for name in files)


# --- examples -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", sorted({f.page for f in FENCES if f.language == "python"}))
def test_the_examples_of_a_page_run_as_they_stand(page: str) -> None:
    """One after the other, as somebody who reads along would type them."""
    names: dict[str, Any] = {}
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
    for fence in (f for f in FENCES if f.page == page and f.language == "python"):
        if ">>> " in fence.content:
            example = parser.get_doctest(fence.content, names, str(fence), page, fence.line)
            runner.run(example, clear_globs=False)
            names = example.globs
        else:
            exec(compile(fence.content, str(fence), "exec"), names)
    assert runner.summarize(verbose=False).failed == 0, "the report stands in the captured output"


@pytest.mark.parametrize("fence", [f for f in FENCES if f.language in ("json", "yaml")], ids=str)
def test_the_data_in_a_page_is_what_it_says(fence: Fence) -> None:
    data = json.loads(fence.content) if fence.language == "json" else yaml.safe_load(fence.content)
    if isinstance(data, dict) and data.get("schema") == "stemwise-case/1":
        assert read_case(fence.content, INSTRUMENT).label == data["label"]


# --- links, words, places -----------------------------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as the usual renderers make them."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.replace("`", "").lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_within_leads_somewhere(page: str) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", TEXTS[page]) + re.findall(r'<img src="([^"]+)"', TEXTS[page])
    for target in targets:
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (PAGES[page].parent / file).resolve() if file else PAGES[page]
        assert path.exists() and path.is_relative_to(ROOT), f"{page}: {target}"
        if anchor:
            assert anchor in anchors(path.read_text("utf-8")), f"{page}: {target}"


def _forbidden(text: str) -> list[str]:
    """The one check on terms, which the instrument's texts have to pass too."""
    file = ROOT / "tests" / "scoring" / "instrument" / "test_texts.py"
    spec = importlib.util.spec_from_file_location("instrument_texts", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.forbidden(text))


@pytest.mark.parametrize("page", [p for p in PAGES if p not in MAY_NAME_TERMS])
def test_no_page_says_what_may_never_be_said(page: str) -> None:
    assert _forbidden(TEXTS[page]) == []


@pytest.mark.parametrize("page", PAGES)
def test_no_page_names_a_place_of_one_machine(page: str) -> None:
    assert (
        re.findall(r"(?:/home/|/root\b|/Users/|/opt/|/work\b|/tmp\b|[A-Z]:\\|localhost|127\.0\.0\.1)", TEXTS[page])
        == []
    )


@pytest.mark.parametrize("page", PAGES)
def test_the_spelling_is_british_and_no_voice_is_raised(page: str) -> None:
    prose = re.sub(r"```.*?```|`[^`]*`|!\[", "", TEXTS[page], flags=re.DOTALL)
    american = r"\b(?:color|behavior|center|recogniz\w+|summariz\w+|program me|license[sd]|favorite|gray)\b"
    assert re.findall(american, prose, re.IGNORECASE) == []
    assert not re.search(r"\w!(?:\s|$)", prose)


# --- what the pages list is all there is --------------------------------------------------------------------------------


def in_code(page: str) -> set[str]:
    return {word for code in re.findall(r"`([^`\n]+)`", TEXTS[page]) for word in re.findall(r"\w+", code)}


def test_every_setting_is_explained_and_no_other() -> None:
    there = {f"STEMWISE_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"STEMWISE_[A-Z_]+", "\n".join(TEXTS.values())))
    table = set(re.findall(r"^\| `(STEMWISE_[A-Z_]+)`", TEXTS["docs/deploy.md"], re.MULTILINE))
    assert table == there
    assert named <= there


def test_every_field_of_the_instrument_is_explained() -> None:
    fields = {
        name for m in (Rules, Function, FunctionText, Activity, HarmFactor, SafetyQuestion) for name in m.model_fields
    }
    assert fields - in_code("docs/instrument.md") == set()


def test_every_field_of_a_profile_is_explained() -> None:
    case = read_case((VECTORS / "15-mixed-11y.case.json").read_bytes(), INSTRUMENT)
    profile = profile_json(assess(case, INSTRUMENT))
    fields = {
        *profile,
        *profile["functions"][0],
        *profile["domains"]["cognitive"],
        *profile["history"]["youth"],
        *profile["relational_now"],
        *profile["safety"][0],
        *profile["plan"][0],
    }
    assert fields - in_code("docs/formats.md") == set()


def test_every_field_of_an_export_is_explained(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["export", "K-07", "--format", "json", "--out", "k07.json"]) == 0
    record = json.loads((place / "k07.json").read_text("utf-8"))
    encounter = record["encounters"][0]
    interview = encounter["interviews"][0]
    fields = {*record, *encounter, *interview, *interview["informant"], *interview["responses"][0]}
    assert fields - in_code("docs/formats.md") == set()


def test_every_work_that_the_library_names_is_listed() -> None:
    named = {a.evidence for a in INSTRUMENT.figures.activities if a.evidence}
    assert {work for work in named if work not in TEXTS["docs/science.md"]} == set()


def test_the_figures_in_the_rules_are_those_of_the_instrument() -> None:
    """Where a page repeats a threshold, it is the one in force."""
    rules, page = INSTRUMENT.figures.rules, " ".join(TEXTS["docs/scoring.md"].split())
    build, extend = rules.tier_edges_percent
    for said in (
        f"`build_first` below {build}, `strengthen` from {build} to below {extend}, `extend` from {extend}",
        f"`known_share` is {float(rules.known_share_min):.2f} or more",
        f"less than {rules.near_edge_percent} away from {build} or {extend}",
        f"**Under {rules.infant_below_months} months of the age that counts**",
        f"below {rules.no_tier_from_months} months lived",
        f"an age over {rules.age_max_months:,} months",
        f"Under {rules.corrected_age_below_months} months lived",
        f"at most {int(100 * rules.period_unknown_share_max)} % of the period's factors",
        f"shown when at least {rules.relational_now_known_min} of the {len(INSTRUMENT.figures.relational_now)}",
        f"in the first {rules.carry_over_months} months of a period",
        f"fewer than {rules.new_band_months} months since that edge",
        f"More than {rules.family_minutes_max} is too much",
        f"differ by less than {rules.domain_moved_from_percent}.0",
        f"from {rules.function_moved_from} on it moved",
        f"that moved that way is {rules.domain_moved_weighted_steps_min} or more",
        f"differs from the clinician's by {rules.ratings_disagree_from} or more",
    ):
        assert said in page, said
