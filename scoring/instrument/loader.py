"""Reads the instrument's files, checks them, and gives one frozen `Instrument`.

Shape and type are checked by pydantic; what one file says of another (ids, ages, missing texts) by `checks`. Every fault
is collected, so that `stemwise instrument check` shows all of them at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from scoring.instrument.checks import cross_checks
from scoring.instrument.model import Figures, Instrument, Texts
from scoring.problems import ContentError, Problem

FOLDER = Path(__file__).parent
SCHEMA = "stemwise-instrument/1"


class InstrumentError(ContentError):
    """The instrument's files do not fit together; every fault names its file and field."""


class _UniqueKeyLoader(yaml.CSafeLoader):
    """Safe YAML in which the same key twice in one mapping is an error and not a silent loss."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


@lru_cache(maxsize=1)
def load() -> Instrument:
    """The instrument that ships with the package.

    Raises
    ------
    InstrumentError
        When its files are damaged: reinstall the package, or run `stemwise instrument check` on a changed copy.

    Examples
    --------
    >>> len(load().figures.functions), len(load().figures.activities)
    (32, 100)
    """
    return load_from(FOLDER)


def load_from(folder: Path) -> Instrument:
    """Read and check an instrument from `folder` (the three figure files and `locales/`).

    Raises
    ------
    InstrumentError
        With every fault found, each naming file, field and remedy; those of a translation once English has none.
    """
    problems: list[Problem] = []
    figures = _read_figures(folder, problems)
    english, origins = _gather_texts(folder, "en", problems)
    texts: dict[str, Texts] = {}
    read: Texts | None = _validated(Texts, english, origins, problems)
    if figures is not None and "en" not in figures.languages:
        problems.append(Problem("instrument.yaml", "languages", "English is missing", "put en first"))
    if figures is None or read is None or problems:
        raise InstrumentError(problems)
    texts["en"] = read
    problems.extend(cross_checks(figures, read, "en", origins))
    if problems:
        raise InstrumentError(problems)  # a translation is held against English, once that is whole
    for locale in figures.languages:
        if locale != "en":
            problems.extend(_read_translation(folder, locale, english, figures, texts))
    if problems:
        raise InstrumentError(problems)
    return Instrument(figures=figures, texts=texts, sha256=_digest(figures, texts))


def _read_translation(
    folder: Path, locale: str, english: Mapping[str, Any], figures: Figures, texts: dict[str, Texts]
) -> list[Problem]:
    """Read a language over English into `texts`; what is wrong with it, nothing where all is well."""
    problems: list[Problem] = []
    gathered, origins = _gather_texts(folder, locale, problems)
    problems.extend(_untranslated(english, gathered, locale, origins))
    read: Texts | None = _validated(Texts, _merged(english, gathered), origins, problems)
    if read is not None and not problems:
        problems.extend(cross_checks(figures, read, locale, origins))
        texts[locale] = read
    return problems


def _digest(figures: Figures, texts: Mapping[str, Texts]) -> str:
    whole = {
        "figures": figures.model_dump(mode="json"),
        "texts": {locale: words.model_dump(mode="json") for locale, words in texts.items()},
    }
    canonical = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _read_yaml(folder: Path, name: str, problems: list[Problem]) -> dict[str, Any]:
    try:
        data = yaml.load((folder / name).read_text("utf-8"), Loader=_UniqueKeyLoader)  # noqa: S506 (a safe loader)
    except OSError as error:
        problems.append(Problem(name, "", f"cannot be read: {error.strerror}", "put the file back"))
        return {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problems.append(Problem(name, "", f"is not YAML: {' '.join(str(error).split())}", "mend the line it names"))
        return {}
    if not isinstance(data, dict):
        problems.append(Problem(name, "", "is not a mapping", "begin with a key"))
        return {}
    return data


def _validated(model: Any, data: dict[str, Any], file_of: Mapping[str, str], problems: list[Problem]) -> Any:
    """`data` as `model`, or `None` with a problem for every wrong field; `file_of` maps dotted places to files."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for fault in error.errors():
            loc = [str(part) for part in fault["loc"]]
            named = _with_ids(data, fault["loc"])
            file = file_of.get(".".join(loc[:2])) or file_of.get(loc[0] if loc else "", "")
            problems.append(Problem(file, named, fault["msg"], "see docs/instrument.md for the fields"))
        return None


def _with_ids(data: Any, loc: tuple[int | str, ...]) -> str:
    """A dotted path in which an entry of a list is called by its id, where it has one."""
    parts: list[str] = []
    for part in loc:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            data = None
        name = data.get("id") if isinstance(part, int) and isinstance(data, dict) else None
        parts.append(str(name or part))
    return ".".join(parts)


def _read_figures(folder: Path, problems: list[Problem]) -> Figures | None:
    frame = _read_yaml(folder, "instrument.yaml", problems)
    found = frame.pop("schema", None)
    if frame and found != SCHEMA:
        problems.append(Problem("instrument.yaml", "schema", f"is {found!r}", f"this version reads {SCHEMA}"))
    file_of = dict.fromkeys((*Figures.model_fields, ""), "instrument.yaml")
    for part in ("functions", "activities"):
        frame[part] = _read_yaml(folder, f"{part}.yaml", problems).get(part)
        file_of[part] = f"{part}.yaml"
    figures: Figures | None = _validated(Figures, frame, file_of, problems)
    return figures


def _text_files(folder: Path, locale: str) -> Iterator[tuple[str, str | None]]:
    """The text files of a language, each with the section it belongs to (`None`: the file holds several sections)."""
    base = folder / "locales" / locale
    for section in ("functions", "activities"):
        for path in sorted((base / section).glob("*.yaml")):
            yield f"locales/{locale}/{section}/{path.name}", section
    yield f"locales/{locale}/relationships.yaml", "relational_now"
    yield f"locales/{locale}/safety.yaml", "safety"
    yield f"locales/{locale}/history.yaml", None
    yield f"locales/{locale}/interview.yaml", None


#: What a language other than English must have: all that a carer, a school or the person themself is shown.
ASKED = ("plain", "carer", "carer_adult", "school", "self")
TRANSLATED = {
    "functions": ASKED,
    "adversity": ASKED,
    "relational": ASKED,
    "relational_now": ASKED,
    "safety": ASKED,
    "periods": ("carer", "self"),
    "scales": ("carer_adversity", "carer_relational", "carer_scale"),
    "notice": ("carer",),
}


def _untranslated(
    english: Mapping[str, Any], translated: Mapping[str, Any], locale: str, file_of: Mapping[str, str]
) -> Iterator[Problem]:
    """Texts for carers that a language lacks, or has and English has not."""
    for section, fields in TRANSLATED.items():
        source, target = english.get(section, {}), translated.get(section, {})
        if section in ("scales", "notice"):
            pairs: list[tuple[tuple[str, ...], Any, Any]] = [
                ((field,), source.get(field), target.get(field)) for field in fields
            ]
        else:
            pairs = [
                ((key, field), (entry or {}).get(field), (target.get(key) or {}).get(field))
                for key, entry in source.items()
                for field in fields
            ]
        for place, there, here in pairs:
            for path in _differing(there, here, (section, *place)):
                file = file_of.get(section, f"locales/{locale}")
                yield Problem(file, ".".join(path), f"is not the same item as in English ({locale})", "translate it")


def _differing(there: Any, here: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Places at which two texts differ in shape: one is missing, or of another length."""
    if isinstance(there, dict) and isinstance(here, dict):
        for key in {**there, **here}:
            yield from _differing(there.get(key), here.get(key), (*path, str(key)))
    elif type(there) is not type(here) or (isinstance(there, list) and len(there) != len(here)):
        yield path


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """English with every text that a language has of its own."""
    return {
        key: _merged(base[key], over[key])
        if isinstance(base.get(key), dict) and isinstance(over.get(key), dict)
        else over.get(key, base.get(key))
        for key in {**base, **over}
    }


def _gather_texts(folder: Path, locale: str, problems: list[Problem]) -> tuple[dict[str, Any], dict[str, str]]:
    gathered: dict[str, Any] = {}
    file_of: dict[str, str] = {"": f"locales/{locale}"}
    for name, section in _text_files(folder, locale):
        data = _read_yaml(folder, name, problems)
        for top, entries in ({section: data} if section else data).items():
            file_of.setdefault(top, name)
            if isinstance(entries, dict):
                into = gathered.setdefault(top, {})
                for key, entry in entries.items():
                    if key in into:
                        problems.append(Problem(name, f"{top}.{key}", "stands in two files", "keep one of them"))
                    into[key] = entry
                    file_of[f"{top}.{key}"] = name
            else:
                gathered[top] = entries
    for section in ("functions", "activities", "relational_now", "safety"):
        gathered.setdefault(section, {})
    return gathered, file_of
