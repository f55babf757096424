"""What to do at once, by country: the operator's dated file; a line past its date is not shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parent / "help_lines.yaml"


@lru_cache
def _file(path: Path) -> Mapping[str, Any]:
    data = yaml.safe_load(path.read_text("utf-8"))
    return data if isinstance(data, dict) else {}


def help_lines(country: str | None, language: str, today: date, path: Path = FILE) -> tuple[str, ...]:
    """The lines for a country in a language, the emergency number first; the neutral text for other countries."""
    data = _file(path)
    chosen = (data.get("countries") or {}).get((country or "").upper())
    if not chosen:
        return (_words(data["neutral"], language),)
    entries = [chosen["emergency"], *chosen.get("lines", [])]
    shown = [_words(e, language) for e in entries if e.get("valid_until") is None or e["valid_until"] >= today]
    return tuple(shown) or (_words(data["neutral"], language),)


def duty_to_report(country: str | None, path: Path = FILE) -> str:
    """The operator's words on the local duty to report, for the clinician's screen of a flag."""
    data = _file(path)
    chosen = (data.get("countries") or {}).get((country or "").upper()) or {}
    entry = chosen.get("duty_to_report") or data["duty_to_report"]
    return _words(entry, "en")


def _words(entry: Mapping[str, Any], language: str) -> str:
    return str(entry.get(language) or entry["en"])
