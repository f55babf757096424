"""`stemwise instrument check|show|preview`: the instrument's content, validated, printed, and as a phone shows it."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bot.app import clock, engine_settings
from bot.cli import UsageError
from bot.settings import Settings
from bot.terminal import Palette, lines_of
from flows.answers import Answer
from flows.conversation import Home, Talk, Turn
from flows.dates import MAX_AGE_MONTHS
from flows.desk import Desk
from flows.engine import Engine
from flows.events import Event
from flows.itinerary import last_name
from flows.screens import show
from flows.storage.keys import MasterKey, new_key
from flows.storage.store import Store
from flows.views import Screen
from scoring.instrument import Instrument, InstrumentError, load, load_from
from scoring.instrument.loader import FOLDER


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("instrument", help="check or show the instrument's content")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    check = verbs.add_parser("check", help="validate every figure and text")
    check.add_argument(
        "folder", type=Path, nargs="?", default=FOLDER, help="an instrument's folder; the one in use by default"
    )
    check.set_defaults(run=run_check)
    show = verbs.add_parser("show", help="print one item, or the list of all")
    show.add_argument("item", nargs="?", metavar="ITEM")
    show.set_defaults(run=run_show)
    preview = verbs.add_parser("preview", help="show an item's screen as a phone does")
    preview.add_argument("item", metavar="ITEM")
    preview.add_argument("--age", type=int, default=100, metavar="MONTHS", help="the person's age, 100 by default")
    preview.add_argument("--as", dest="role", choices=("clinician", "carer", "school", "self"), default="clinician")
    preview.set_defaults(run=run_preview)


def run_check(options: argparse.Namespace, _: Settings) -> int:
    try:
        instrument = load_from(options.folder)
    except InstrumentError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 1
    figures = instrument.figures
    print(
        f"{instrument.id} {instrument.version}: {len(figures.functions)} functions, {len(figures.activities)} activities,"
        f" {len(figures.safety)} safety questions, languages {', '.join(instrument.texts)}; sha256 {instrument.sha256}"
    )
    return 0


def run_show(options: argparse.Namespace, _: Settings) -> None:
    instrument = load()
    entries = dict(_entries(instrument))
    if options.item is None:
        for name, (title, _parts) in entries.items():
            print(f"{name}: {title}")
        return
    found = entries.get(options.item) or next((e for n, e in entries.items() if n.endswith(f".{options.item}")), None)
    if found is None:
        raise UsageError(f"{options.item}: no such item; `stemwise instrument show` lists them all")
    title, parts = found
    print(title)
    for part in parts:
        print("\n".join(_printed(part)))


def run_preview(options: argparse.Namespace, settings: Settings) -> None:
    """The screen on which an item is asked, drawn by the very engine over an empty store."""
    with tempfile.TemporaryDirectory(prefix="stemwise-preview-") as folder:
        store = Store(f"sqlite:///{folder}/preview.db", MasterKey(new_key()), clock)
        store.prepare()
        shown = Engine(store, load(), engine_settings(settings))
        with store.transaction() as tx:
            screen = _screen_of(shown.desk(tx), options)
        store.close()
    palette = Palette(is_coloured=sys.stdout.isatty())
    for line in lines_of(screen.blocks, palette):
        print(line)
    print()
    for row in screen.rows:
        print("  ".join(f"[{button.words}]" for button in row))


def _screen_of(desk: Desk, options: argparse.Namespace) -> Screen:
    today = desk.settings.today(desk.tx.now)
    years, months = divmod(options.age, 12)
    if not 0 <= options.age <= MAX_AGE_MONTHS:
        raise UsageError(f"--age goes from 0 to {MAX_AGE_MONTHS} months")
    past = today.year * 12 + today.month - 1 - years * 12 - months
    born = date(past // 12, past % 12 + 1, 1)
    account = desk.people.local_clinician()
    assert account.clinician_id is not None
    case = desk.cases.add_case(account.clinician_id, "Preview", born)
    encounter = desk.cases.add_encounter(case.id)
    informant = desk.cases.informant(case.id, options.role, account.id, {})
    interview = desk.cases.add_interview(
        encounter, informant, options.role, state="history", version=desk.instrument.version, today=today
    )
    if options.role != "clinician":
        interview.answers.of["about.alone"] = Answer("answer", "yes")
    found = next(
        (
            s
            for s in interview.steps(desk.instrument)
            if any(last_name(i) == options.item.rpartition(".")[2] for i in s.items)
        ),
        None,
    )
    if found is None:
        raise UsageError(
            f"{options.item}: not asked of {options.role} at {options.age} months; try another --age or --as"
        )
    interview.state, interview.at = found.stage, found.key
    talk = Talk(account, Home("case", {"case": case.id}), interview)
    event = Event("preview", "preview", account.channel, account.address, "other")
    return show(Turn(event, desk.tx.now, today, talk, desk, desk.instrument))


def _entries(instrument: Instrument) -> Iterator[tuple[str, tuple[str, list[BaseModel]]]]:
    """Every item by its id: its title, its words and its figures."""
    words, figures = instrument.words, instrument.figures
    for function in figures.functions:
        text = words.functions[function.id]
        yield function.id, (text.name, [text, function])
    for period in figures.periods:
        yield period.id, (words.periods[period.id].name, [words.periods[period.id], period])
    for kind, texts in (("adversity", words.adversity), ("relational", words.relational)):
        for name, factor in texts.items():
            yield f"{kind}.{name}", (factor.short, [factor])
    for now in figures.relational_now:
        yield f"relational_now.{now.id}", (words.relational_now[now.id].short, [words.relational_now[now.id], now])
    for question in figures.safety:
        yield f"safety.{question.id}", (words.safety[question.id].short, [words.safety[question.id], question])
    for activity in figures.activities:
        yield activity.id, (words.activities[activity.id].name, [words.activities[activity.id], activity])


def _printed(part: BaseModel, indent: str = "  ") -> Iterator[str]:
    yield from _lines(part.model_dump(mode="json", exclude_defaults=True), indent)


def _lines(value: Any, indent: str) -> Iterator[str]:
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield f"{indent}{name}:"
            yield from _lines(inner, indent + "  ")
        elif isinstance(inner, list):
            yield f"{indent}{name}:"
            yield from (f"{indent}  - {entry}" for entry in inner)
        else:
            yield f"{indent}{name}: {inner}"
