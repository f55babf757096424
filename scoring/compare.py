"""Two results of one person side by side: what moved beyond noise, and what may not be read into it (`stemwise-compare/1`).

Only what was asked alike is compared: where answers were taken with another version of the instrument, the functions that
have changed since are left out, and with them each domain they count in (`Versions`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from scoring.instrument.model import Function
from scoring.problems import ContentError, Problem
from scoring.profile import AreaResult, FunctionResult
from scoring.result import Result, rounded

SCHEMA = "stemwise-compare/1"
Moved = Literal["up", "down", "within_noise", "expectations_grew", "unclear", "unknown"]


class CompareError(ContentError):
    """Two cases that cannot be compared: different people, or in the wrong order."""


@dataclass(frozen=True, slots=True)
class FunctionChange:
    """`change` is the step between the two ratings, `None` where it is unknown."""

    id: str
    before: int | None
    after: int | None
    change: int | None
    expected_before: int | None
    expected_after: int | None
    moved: Moved


@dataclass(frozen=True, slots=True)
class DomainChange:
    """`change` is the exact difference of percents, `None` where it is unknown."""

    id: str
    before: Fraction | None
    after: Fraction | None
    change: Fraction | None
    moved: Moved

    @property
    def is_apart(self) -> bool:
        """Both percents are known and yet not compared: not the same was asked, weighed or set aside."""
        return self.moved == "unknown" and self.before is not None and self.after is not None


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of the instrument that both answers were taken with, and what is not compared on their account.

    Parameters
    ----------
    before, after : the version a case names; `None` where it names none, which is read as the installed one
    installed : the version that both are scored with
    not_known : versions named that the instrument's `earlier_versions` does not list; where there is one, nothing is compared
    functions, domains : ids left out, in the order of the instrument
    """

    before: str | None
    after: str | None
    installed: str
    not_known: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()

    @property
    def differ(self) -> bool:
        """Whether any answer was taken with another version than the installed one."""
        return any(version not in (None, self.installed) for version in (self.before, self.after))


@dataclass(frozen=True, slots=True)
class Comparison:
    before: Result
    after: Result
    functions: tuple[FunctionChange, ...]
    domains: tuple[DomainChange, ...]
    versions: Versions


def compare(before: Result, after: Result) -> Comparison:
    """What changed between two results of one person. None of it shows that anything caused anything.

    Raises
    ------
    CompareError
        When the births differ, or the later result stands first.
    """
    if before.case.born != after.case.born:
        raise CompareError(
            [Problem("compare", "born", "the two cases were born on different days", "compare one person")]
        )
    if after.case.assessed < before.case.assessed:
        raise CompareError(
            [Problem("compare", "assessed", "the later case stands first", "give the earlier one first")]
        )
    versions = _versions(before, after)
    pairs = zip(after.instrument.figures.functions, before.profile.functions, after.profile.functions, strict=True)
    changes = {f.id: (f, _function(f, b, a, after, versions)) for f, b, a in pairs}
    domains = tuple(
        _domain(
            domain,
            before,
            after,
            [(f.weights[domain], change) for f, change in changes.values() if f.weights[domain] > 0],
            versions,
        )
        for domain in after.instrument.figures.domains
    )
    return Comparison(before, after, tuple(change for _, change in changes.values()), domains, versions)


def _versions(before: Result, after: Result) -> Versions:
    """What may not be compared because a question, its anchors, its weights or its expectation were others then."""
    figures = after.instrument.figures
    named = before.case.taken_with_version, after.case.taken_with_version
    others = [version for version in dict.fromkeys(named) if version not in (None, figures.version)]
    not_known = tuple(version for version in others if version not in figures.earlier_versions)
    if not_known:
        every = tuple(f.id for f in figures.functions)
        return Versions(*named, figures.version, not_known, every, figures.domains)
    changed = {function for version in others for function in figures.earlier_versions[version]}
    return Versions(
        *named,
        figures.version,
        functions=tuple(f.id for f in figures.functions if f.id in changed),
        domains=tuple(
            d for d in figures.domains if any(f.weights[d] > 0 for f in figures.functions if f.id in changed)
        ),
    )


def _taken(function: Function, result: FunctionResult) -> int | None:
    """The rating as it is compared, `None` where it is unknown, not applicable or set aside."""
    if result.rating is None or result.expected is None or result.status == "set_aside":
        return None
    return result.rating if function.ahead_counts else min(result.rating, result.expected)


def _function(
    function: Function, before: FunctionResult, after: FunctionResult, result: Result, versions: Versions
) -> FunctionChange:
    first, second = _taken(function, before), _taken(function, after)
    left_out = function.id in versions.functions
    step = None if left_out or first is None or second is None else second - first
    moved: Moved = "unknown"
    if step is not None:
        far = abs(step) >= result.instrument.figures.rules.function_moved_from
        moved = ("up" if step > 0 else "down") if far else "within_noise"
    return FunctionChange(function.id, before.rating, after.rating, step, before.expected, after.expected, moved)


def _domain(
    domain: str, before: Result, after: Result, weighed: list[tuple[int, FunctionChange]], versions: Versions
) -> DomainChange:
    first, second = before.profile.domains[domain], after.profile.domains[domain]
    names = {change.id for _, change in weighed}
    same_set_aside = before.case.set_aside & names == after.case.set_aside & names
    left_out = domain in versions.domains
    if left_out or first.percent is None or second.percent is None or not same_set_aside:
        return DomainChange(domain, first.percent, second.percent, None, "unknown")
    change = second.percent - first.percent
    moved = _moved(change, first, second, list(weighed), after)
    return DomainChange(domain, first.percent, second.percent, change, moved)


def _moved(
    change: Fraction, first: AreaResult, second: AreaResult, weighed: list[tuple[int, FunctionChange]], after: Result
) -> Moved:
    rules = after.instrument.figures.rules
    assert first.low is not None
    assert first.high is not None
    assert second.low is not None
    assert second.high is not None
    apart = first.high < second.low or second.high < first.low
    if abs(change) < rules.domain_moved_from_percent or not apart:
        return "within_noise"
    least = rules.domain_moved_weighted_steps_min
    way: Moved = "up" if change > 0 else "down"
    if sum(w * abs(c.change or 0) for w, c in weighed if c.moved == way) >= least:
        return way
    fell = sum(w * -c.change for w, c in weighed if c.change is not None and c.change < 0)
    grew = any(
        c.expected_before is not None and c.expected_after is not None and c.expected_after > c.expected_before
        for _, c in weighed
        if c.id not in after.case.set_aside
    )
    if change < 0 and fell < least and grew:
        return "expectations_grew"
    return "unclear"


def moved_names(comparison: Comparison, way: Moved) -> Iterator[str]:
    """Ids of the functions that moved one way, in instrument order."""
    return (change.id for change in comparison.functions if change.moved == way)


def compare_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as it is printed, rounded like a profile."""
    return {
        "schema": SCHEMA,
        "before": _head(comparison.before),
        "after": _head(comparison.after),
        "versions": _versions_json(comparison.versions),
        "functions": [
            {
                "id": c.id,
                "before": c.before,
                "after": c.after,
                "change": c.change,
                "expected_before": c.expected_before,
                "expected_after": c.expected_after,
                "moved": c.moved,
            }
            for c in comparison.functions
        ],
        "domains": {
            c.id: {
                "before": rounded(c.before, 1),
                "after": rounded(c.after, 1),
                "change": rounded(c.change, 1),
                "moved": c.moved,
            }
            for c in comparison.domains
        },
    }


def _versions_json(versions: Versions) -> Mapping[str, Any]:
    return {
        "before": versions.before,
        "after": versions.after,
        "scored_with": versions.installed,
        "not_known": list(versions.not_known),
        "left_out": {"functions": list(versions.functions), "domains": list(versions.domains)},
    }


def _head(result: Result) -> dict[str, Any]:
    return {"assessed": result.profile.assessed.isoformat(), "age_months": result.profile.age_months}
