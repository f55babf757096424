"""A case file read and checked: `stemwise-case/1` in, a frozen `Case` out, or every fault found.

The shape is defined in docs/formats.md. What is missing, and null in the place of a section, is unknown; unknown is kept
as `None` and never as nought.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from scoring.instrument import Instrument
from scoring.problems import ContentError, Problem

SCHEMA = "stemwise-case/1"
FACTS = ("hearing_checked", "sight_checked", "languages")
PARTS = ("adversity", "relational")
MAX_WEEKS_EARLY = 18
MAX_FILE_BYTES = 20 * 1024 * 1024
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)


class CaseError(ContentError):
    """A case file that cannot be scored; `problems` names each field and its remedy."""


@dataclass(frozen=True, slots=True)
class PeriodAnswers:
    """Answers of one period, 0–3 each; a factor that is missing is unknown."""

    adversity: Mapping[str, int] = field(default_factory=dict)
    relational: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """Everything scoring needs to know of one person at one encounter. Only known answers stand in the mappings."""

    label: str | None
    born: date
    assessed: date
    weeks_early: int | None = None
    history: Mapping[str, PeriodAnswers] = field(default_factory=dict)
    functions: Mapping[str, int] = field(default_factory=dict)
    set_aside: frozenset[str] = frozenset()
    relational_now: Mapping[str, int] = field(default_factory=dict)
    safety: Mapping[str, bool] = field(default_factory=dict)
    still_happening: Mapping[str, bool] = field(default_factory=dict)
    no_contact: bool = False
    facts: Mapping[str, bool | str] = field(default_factory=dict)
    taken_with_version: str | None = None

    @property
    def age_months(self) -> int:
        """Age lived, in completed months."""
        return completed_months(self.born, self.assessed)


def completed_months(born: date, on: date) -> int:
    """Whole months between two dates: calendar months, less one before the day of birth is reached.

    Born on a day that a month lacks, that month is completed on the next 1st.

    Examples
    --------
    >>> completed_months(date(2019, 10, 31), date(2026, 2, 28)), completed_months(date(2019, 10, 31), date(2026, 3, 1))
    (75, 76)
    """
    return (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)


def due_date(born: date, weeks_early: int) -> date:
    """The day birth was expected, from which a corrected age is counted."""
    try:
        return born + timedelta(weeks=weeks_early)
    except OverflowError:  # a birth in the last weeks the calendar can write
        return date.max


def read_case(data: bytes | str, instrument: Instrument, file: str = "case") -> Case:
    """The case in a file's content.

    Parameters
    ----------
    data : the file's bytes (UTF-8) or text
    file : its name, for the faults

    Raises
    ------
    CaseError
        With every fault found: the field, what is wrong, and what to write instead.
    """
    return case_from(read_json(data, file), instrument, file)


def read_json(data: bytes | str, file: str, remedy: str = f"write a {SCHEMA} file") -> Any:
    """A file's content as strict JSON: no key twice in one object, no number that is none.

    Raises
    ------
    CaseError
        With the first fault; `remedy` is what to do where the content is nothing that could be mended.
    """
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data.removeprefix("\ufeff")
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_integer)
    except UnicodeDecodeError:
        raise CaseError([Problem(file, "", "is not UTF-8 text", "save it as UTF-8")]) from None
    except RecursionError:
        raise CaseError([Problem(file, "", "is nested too deeply", remedy)]) from None
    except _TwiceError as error:
        raise CaseError([Problem(file, _clip(error.key), "stands twice in one object", "keep one of them")]) from None
    except _TooLongError as error:
        raise CaseError([Problem(file, "", f"holds a number of {error} digits", "write it shorter")]) from None
    except ValueError as error:
        raise CaseError([Problem(file, "", f"is not JSON: {error}", "mend it at that place")]) from None


class _TwiceError(Exception):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class _TooLongError(Exception):
    """A whole number of more digits than can be read."""


def _integer(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:  # Python sets a limit of its own, and tells of it in its own words
        raise _TooLongError(f"{len(digits):,}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _TwiceError(key)
        found[key] = value
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def case_from(content: Any, instrument: Instrument, file: str = "case") -> Case:
    """The case in parsed JSON; raises `CaseError` with every fault found."""
    return _Reader(instrument, file).read(content)


class _Reader:
    """Collects faults while it reads; a value with a fault is left out."""

    def __init__(self, instrument: Instrument, file: str) -> None:
        self._figures = instrument.figures
        self._file = file
        self._problems: list[Problem] = []

    def _fault(self, place: str, message: str, remedy: str) -> None:
        self._problems.append(Problem(self._file, place, message, remedy))

    def read(self, content: Any) -> Case:
        if not isinstance(content, dict):
            raise CaseError([Problem(self._file, "", "is not a JSON object", f"write a {SCHEMA} object")])
        if content.get("schema") != SCHEMA:
            found = _shown(content.get("schema"))
            raise CaseError([Problem(self._file, "schema", f"is {found}", f'write "{SCHEMA}"')])
        born, assessed = self._date(content, "born"), self._date(content, "assessed")
        age = self._age(born, assessed)
        case = Case(
            label=self._text(content.get("label"), "label"),
            born=born or date.min,
            assessed=assessed or date.min,
            weeks_early=self._whole(content.get("weeks_early"), "weeks_early", 0, MAX_WEEKS_EARLY),
            history=self._history(self._section(content, "history"), age),
            functions=self._values(
                self._section(content, "functions"),
                "functions",
                [f.id for f in self._figures.functions],
                self._figures.rating.min,
                self._figures.rating.max,
            ),
            set_aside=self._set_aside(content.get("set_aside")),
            relational_now=self._values(
                self._section(content, "relational_now"),
                "relational_now",
                [r.id for r in self._figures.relational_now],
                0,
                3,
            ),
            safety=self._booleans(self._section(content, "safety"), "safety", [s.id for s in self._figures.safety]),
            still_happening=self._booleans(
                self._section(content, "still_happening"), "still_happening", [h.id for h in self._figures.harm_factors]
            ),
            no_contact=self._boolean(content.get("no_contact"), "no_contact") is True,
            facts=self._facts(self._section(content, "facts")),
            taken_with_version=self._instrument(self._section(content, "instrument")),
        )
        if self._problems:
            raise CaseError(self._problems)
        return case

    def _section(self, content: Mapping[str, Any], name: str, place: str | None = None) -> Mapping[str, Any]:
        section = content.get(name)
        if section is None:
            return {}
        if not isinstance(section, dict):
            self._fault(place or name, "is not an object", "write an object or null")
            return {}
        return section

    def _date(self, content: Mapping[str, Any], name: str) -> date | None:
        value = content.get(name)
        if not isinstance(value, str) or not _DATE.match(value):
            self._fault(name, f"is {_shown(value)}", "write a date as YYYY-MM-DD")
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self._fault(name, f"{value} does not exist", "write a day that the calendar has")
            return None

    def _age(self, born: date | None, assessed: date | None) -> int | None:
        if born is None or assessed is None:
            return None
        if assessed < born:
            self._fault("assessed", f"{assessed} is before born {born}", "put the dates in order")
            return None
        age = completed_months(born, assessed)
        if age > self._figures.rules.age_max_months:
            self._fault(
                "born", f"gives an age over {self._figures.rules.age_max_months // 12} years", "check the year of birth"
            )
            return None
        return age

    def _text(self, value: Any, place: str) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            self._fault(place, f"is {_shown(value)}", "write a text or null")
            return None
        if not _can_be_written(value):
            self._fault(place, "holds half a character", "write a whole character, or leave it out")
            return None
        return value

    def _whole(self, value: Any, place: str, low: int, high: int) -> int | None:
        if value is None:
            return None
        if type(value) is not int or not low <= value <= high:
            self._fault(place, f"is {_shown(value)}", f"write a whole number from {low} to {high}, or null")
            return None
        return value

    def _boolean(self, value: Any, place: str) -> bool | None:
        if value is None or isinstance(value, bool):
            return value
        self._fault(place, f"is {_shown(value)}", "write true, false or null")
        return None

    def _known_keys(self, section: Mapping[str, Any], place: str, ids: Iterable[str]) -> list[str]:
        known = set(ids)
        for key in section:
            if key not in known:
                self._fault(f"{place}.{_clip(key)}", "is not an id of the instrument", "run `stemwise instrument show`")
        return [key for key in section if key in known]

    def _values(
        self, section: Mapping[str, Any], place: str, ids: Iterable[str], low: int, high: int
    ) -> Mapping[str, int]:
        found = {}
        for key in self._known_keys(section, place, ids):
            if (value := self._whole(section[key], f"{place}.{key}", low, high)) is not None:
                found[key] = value
        return MappingProxyType(found)

    def _booleans(self, section: Mapping[str, Any], place: str, ids: Iterable[str]) -> Mapping[str, bool]:
        found = {}
        for key in self._known_keys(section, place, ids):
            if (value := self._boolean(section[key], f"{place}.{key}")) is not None:
                found[key] = value
        return MappingProxyType(found)

    def _history(self, section: Mapping[str, Any], age: int | None) -> Mapping[str, PeriodAnswers]:
        found = {}
        periods = {p.id: p for p in self._figures.periods}
        for key in self._known_keys(section, "history", periods):
            place, period = f"history.{key}", periods[key]
            parts = self._section(section, key, place)
            for stray in [p for p in parts if p not in PARTS]:
                self._fault(f"{place}.{_clip(stray)}", "is not part of a period", "use adversity and relational only")
            answers = PeriodAnswers(
                adversity=self._values(
                    self._section(parts, "adversity", f"{place}.adversity"),
                    f"{place}.adversity",
                    [f.id for f in period.adversity],
                    0,
                    3,
                ),
                relational=self._values(
                    self._section(parts, "relational", f"{place}.relational"),
                    f"{place}.relational",
                    period.relational,
                    0,
                    3,
                ),
            )
            if age is not None and not period.has_begun(age):
                if answers.adversity or answers.relational:
                    self._fault(place, "has an answer, but the period has not begun", "leave it out or null")
                continue
            found[key] = answers
        return MappingProxyType(found)

    def _set_aside(self, value: Any) -> frozenset[str]:
        if value is None:
            return frozenset()
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            self._fault("set_aside", "is not a list of function ids", "write a list, or null")
            return frozenset()
        known = {f.id for f in self._figures.functions}
        for item in value:
            if item not in known:
                self._fault("set_aside", f"{_shown(item)} is not a function", "run `stemwise instrument show`")
        if len(set(value)) != len(value):
            self._fault("set_aside", "names a function twice", "name each once")
        return frozenset(value)

    def _facts(self, section: Mapping[str, Any]) -> Mapping[str, bool | str]:
        found: dict[str, bool | str] = {}
        for key in self._known_keys(section, "facts", FACTS):
            if key == "languages":
                if languages := self._text(section[key], "facts.languages"):
                    found[key] = languages
            elif (checked := self._boolean(section[key], f"facts.{key}")) is not None:
                found[key] = checked
        return MappingProxyType(found)

    def _instrument(self, section: Mapping[str, Any]) -> str | None:
        other = section.get("id")
        if other is not None and other != self._figures.id:
            self._fault("instrument.id", f"is {_shown(other)}", f'this program scores "{self._figures.id}" only')
        return self._text(section.get("version"), "instrument.version")


def _can_be_written(text: str) -> bool:
    """Whether a text is UTF-8 when written; JSON lets half of a surrogate pair through, which no file can hold."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _clip(text: str) -> str:
    """A stranger's text, short and on one line, for an error."""
    flat = "".join(c if c.isprintable() else "?" for c in text)
    return flat if len(flat) <= 40 else flat[:39] + "…"


def _shown(value: Any) -> str:
    if value is None:
        return "missing or null"
    return _clip(
        json.dumps(value, ensure_ascii=False) if not isinstance(value, dict | list) else f"a {type(value).__name__}"
    )
