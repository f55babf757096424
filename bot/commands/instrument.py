"""`stemwise instrument check|show|preview`: the instrument's content, validated, printed, and as a phone shows it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bot.cli import UsageError
from bot.settings import Settings
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
