"""Which English text each translated text was made from, so that one that English has left behind is found.

Beside its texts a language keeps `source.yaml`: for every text a carer, a school or the person themself is shown, the
first characters of the SHA-256 of the English it was translated from. Who has brought a translation up to date runs
`python -m scoring.instrument.translations LANGUAGE`, which writes that file anew and names what had changed.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from scoring.instrument.loader import FOLDER, TRANSLATED, load
from scoring.instrument.model import Texts

#: As many characters of a digest as tell any two texts of an instrument apart.
DIGITS = 12
HEAD = """\
# The English text behind each translated one: the first {digits} hexadecimal digits of its SHA-256.
# Written by `python -m scoring.instrument.translations {language}`, once what it names has been translated anew.
"""


def asked_texts(texts: Texts) -> dict[str, str]:
    """Every text that is translated, by its dotted path: `functions.sleep.carer.question`."""
    found: dict[str, str] = {}
    for section, fields in TRANSLATED.items():
        content = texts.model_dump(include={section})[section]
        entries = {"": content} if section in ("scales", "notice") else content
        for key, entry in entries.items():
            for field in fields:
                path = ".".join(part for part in (section, key, field) if part)
                found.update(_leaves(entry.get(field), path))
    return found


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and value:
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{path}.{place}")


def current_sources(english: Texts) -> dict[str, str]:
    """What `source.yaml` says of a language whose every text was translated from the present English."""
    return {path: hashlib.sha256(text.encode()).hexdigest()[:DIGITS] for path, text in asked_texts(english).items()}


def source_file(language: str, folder: Path = FOLDER) -> Path:
    return folder / "locales" / language / "source.yaml"


def kept_sources(language: str, folder: Path = FOLDER) -> dict[str, str]:
    """What `source.yaml` of a language says; nothing where there is no such file yet."""
    path = source_file(language, folder)
    if not path.exists():
        return {}
    return {str(key): str(value) for key, value in (yaml.safe_load(path.read_text("utf-8")) or {}).items()}


def stale(language: str, english: Texts, folder: Path = FOLDER) -> list[str]:
    """Paths of texts whose English has changed, come or gone since they were translated."""
    now, then = current_sources(english), kept_sources(language, folder)
    return [path for path in {**now, **then} if now.get(path) != then.get(path)]


def write_sources(language: str, english: Texts, folder: Path = FOLDER) -> None:
    """Say of every text of a language that it was translated from the present English."""
    listed = "".join(f"{path}: '{digest}'\n" for path, digest in current_sources(english).items())
    source_file(language, folder).write_text(HEAD.format(digits=DIGITS, language=language) + listed, "utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m scoring.instrument.translations", description=__doc__)
    instrument = load()
    others = [language for language in instrument.figures.languages if language != "en"]
    parser.add_argument("language", choices=others, help="the language whose texts are up to date again")
    language: str = parser.parse_args(arguments).language
    changed = stale(language, instrument.words)
    write_sources(language, instrument.words)
    sys.stdout.write("".join(f"{path}\n" for path in changed))
    sys.stdout.write(f"{source_file(language).name}: {len(changed)} of these are new or changed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
