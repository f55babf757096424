"""The words of a carer's screens in their language: messages are English sentences, translations are gettext catalogues.

A catalogue is read from its `.po` file by Babel; a message without a translation stays English. `t` marks and translates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

CATALOGUES = Path(__file__).parent / "locales"
Translate = Callable[..., str]


def languages() -> tuple[str, ...]:
    """The languages a carer can choose, English first."""
    return ("en", *sorted(path.stem for path in CATALOGUES.glob("*.po")))


def language_of(locale: str) -> str:
    """The nearest language there is for a channel's language code: `es-MX` gives `es`, an unknown one English."""
    base = locale.replace("_", "-").partition("-")[0].casefold()
    return base if base in languages() else "en"


@lru_cache
def _catalogue(language: str) -> Mapping[str, str]:
    path = CATALOGUES / f"{language}.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale=language) if m.id and m.string and not m.fuzzy}


def translator(locale: str) -> Translate:
    """A function that gives a message in a language, its placeholders filled."""
    catalogue = _catalogue(language_of(locale))

    def t(message: str, **values: object) -> str:
        text = catalogue.get(message, message)
        return text.format(**values) if values else text

    return t
