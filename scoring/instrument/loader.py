"""Reads the instrument's files, checks them, and gives one frozen `Instrument`.

Shape and type are checked by pydantic; what one file says of another (ids, ages, missing texts) by `checks`. Every fault
is collected, so that `stemwise instrument check` shows all of them at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
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
            if not isinstance(key, str | int):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key is neither text nor a number", key_node.start_mark
                )
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
        When its files are broken: reinstall the package, or run `stemwise instrument check` on a changed copy.

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
    english, origins, unread = _gather_texts(folder, "en", problems)
    texts: dict[str, Texts] = {}
    read: Texts | None = _validated(Texts, english, origins, unread, problems)
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
            problems.extend(_read_translation(folder, locale, english, origins, figures, texts))
    if problems:
        raise InstrumentError(problems)
    return Instrument(figures=figures, texts=texts, sha256=_digest(figures, texts))


def _read_translation(
    folder: Path,
    locale: str,
    english: Mapping[str, Any],
    english_files: Mapping[str, str],
    figures: Figures,
    texts: dict[str, Texts],
) -> list[Problem]:
    """Read a language over English into `texts`; what is wrong with it, nothing where all is well."""
    problems: list[Problem] = []
    here = {place: f"locales/{locale}{file.removeprefix('locales/en')}" for place, file in english_files.items()}
    functions = {file for place, file in here.items() if place.startswith("functions.")}
    gathered, origins, unread = _gather_texts(folder, locale, problems, functions)
    origins = {**here, **origins}
    problems.extend(p for p in _untranslated(english, gathered, locale, origins) if p.file not in unread)
    read: Texts | None = _validated(Texts, _merged(english, gathered), origins, unread, problems)
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


#: What reading YAML ends in where a file is not YAML, or gives a date, a number or a tag that does not exist.
_NOT_YAML = (yaml.YAMLError, ValueError, KeyError, AttributeError, TypeError, RecursionError)


def _read_yaml(folder: Path, name: str, problems: list[Problem]) -> dict[str, Any] | None:
    """The mapping in a file, or `None` with a problem."""
    try:
        data = yaml.load((folder / name).read_text("utf-8"), Loader=_UniqueKeyLoader)  # noqa: S506 (a safe loader)
    except OSError as error:
        problems.append(Problem(name, "", f"cannot be read: {error.strerror}", "put the file back"))
        return None
    except _NOT_YAML as error:
        problems.append(Problem(name, "", f"is not YAML: {' '.join(str(error).split())}", "mend the line it names"))
        return None
    if not isinstance(data, dict):
        problems.append(Problem(name, "", "is not a mapping", "begin with a key"))
        return None
    return data


def _validated(
    model: Any, data: dict[str, Any], file_of: Mapping[str, str], unread: Collection[str], problems: list[Problem]
) -> Any:
    """`data` as `model`, or `None` with a problem for every wrong field.

    Parameters
    ----------
    file_of : the file of a dotted place; that of the empty place is named where no other fits
    unread : files that could not be read, whose fields are not missed one by one as well
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for fault in error.errors():
            loc = [str(part) for part in fault["loc"]]
            named = _with_ids(data, fault["loc"])
            file = file_of.get(".".join(loc[:2])) or file_of.get(loc[0] if loc else "") or file_of[""]
            if file not in unread:
                message = fault["msg"].removeprefix("Value error, ")
                problems.append(Problem(file, named, message, "see docs/instrument.md for the fields"))
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
    unread: set[str] = set()
    file_of = dict.fromkeys((*Figures.model_fields, ""), "instrument.yaml")
    frame = _read_yaml(folder, "instrument.yaml", problems)
    if frame is None:
        unread.add("instrument.yaml")
        frame = {}
    elif (found := frame.pop("schema", None)) != SCHEMA:
        problems.append(Problem("instrument.yaml", "schema", f"is {found!r}", f"this version reads {SCHEMA}"))
    for part in ("functions", "activities"):
        name = f"{part}.yaml"
        file_of[part] = name
        if part in frame:
            problems.append(Problem("instrument.yaml", part, "does not belong here", f"move it to {name}"))
            del frame[part]
        listed = _read_yaml(folder, name, problems)
        if listed is None:
            unread.add(name)
            continue
        for stray in [key for key in listed if key != part]:
            problems.append(Problem(name, str(stray), "is no field of this file", f"remove it, or write {part}"))
        if part in listed:
            frame[part] = listed[part]
    figures: Figures | None = _validated(Figures, frame, file_of, unread, problems)
    return figures


#: Sections of the files that hold several.
SECTIONS = {
    "history": ("adversity", "relational", "periods", "harm"),
    "interview": ("scales", "regions", "domains", "statuses", "tiers", "facts", "notice"),
}


def _text_files(folder: Path, locale: str, functions: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """The text files of a language, each with the section it belongs to (`None`: the file holds several sections)."""
    base = folder / "locales" / locale
    for section, expected in (("functions", functions), ("activities", ())):
        found = {f"locales/{locale}/{section}/{path.name}" for path in (base / section).glob("*.yaml")}
        for name in sorted({*found, *expected}):
            yield name, section
    yield f"locales/{locale}/relationships.yaml", "relational_now"
    yield f"locales/{locale}/safety.yaml", "safety"
    for several in SECTIONS:
        yield f"locales/{locale}/{several}.yaml", None


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
        source, target = _mapping(english.get(section)), _mapping(translated.get(section))
        if section not in translated:
            yield Problem(file_of.get(section) or file_of[""], section, "is missing", "translate it")
        if target is not translated.get(section):
            continue  # not one of its items is there, and that it is no mapping is told where types are checked
        if section in ("scales", "notice"):
            pairs: list[tuple[tuple[str, ...], Any, Any]] = [
                ((field,), source.get(field), target.get(field)) for field in fields
            ]
        else:
            pairs = [
                ((str(key), field), _mapping(entry).get(field), _mapping(target.get(key)).get(field))
                for key, entry in source.items()
                for field in fields
            ]
        for place, there, here in pairs:
            for path in _differing(there, here, (section, *place)):
                file = file_of.get(".".join(path[:2])) or file_of.get(section) or file_of[""]
                yield Problem(file, ".".join(path), f"is not the same item as in English ({locale})", "translate it")


def _mapping(value: Any) -> Mapping[str, Any]:
    """A mapping, empty where there is something else, which is told of where types are checked."""
    return value if isinstance(value, Mapping) else {}


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


def _gather_texts(
    folder: Path, locale: str, problems: list[Problem], functions: Iterable[str] = ()
) -> tuple[dict[str, Any], dict[str, str], set[str]]:
    """All texts of a language, the file of each place, and the files that could not be read.

    Parameters
    ----------
    functions : files of functions that must be there, beside those that are
    """
    gathered: dict[str, Any] = {"functions": {}, "activities": {}, "relational_now": {}, "safety": {}}
    file_of = {"": f"locales/{locale}"}
    for file, sections in SECTIONS.items():
        file_of.update(dict.fromkeys(sections, f"locales/{locale}/{file}.yaml"))
    unread: set[str] = set()
    for name, section in _text_files(folder, locale, functions):
        data = _read_yaml(folder, name, problems)
        if data is None:
            unread.add(name)
            continue
        for top, entries in ({section: data} if section else data).items():
            file_of.setdefault(top, name)
            into = gathered.setdefault(top, {} if isinstance(entries, dict) else entries)
            if not isinstance(entries, dict) or not isinstance(into, dict):
                if into is not entries:
                    problems.append(Problem(name, str(top), "stands in two files", "keep one of them"))
                continue
            for key, entry in entries.items():
                if key in into:
                    problems.append(Problem(name, f"{top}.{key}", "stands in two files", "keep one of them"))
                into[key] = entry
                file_of[f"{top}.{key}"] = name
    return gathered, file_of, unread
