"""Three or more results of one person in order of time, and between which neighbours a line may be drawn.

A line joins two neighbouring results in a domain only where `compare` compares them: both percents known, the same functions
set aside, nothing in the domain asked otherwise. There is no slope and nothing is fitted or filled in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.compare import CompareError, Comparison, DomainChange, compare
from scoring.instrument import Instrument
from scoring.problems import Problem
from scoring.result import Result

#: Two results are a comparison; from three on there is a course.
TREND_FROM = 3


@dataclass(frozen=True, slots=True)
class Trend:
    """`comparisons[i]` compares `results[i]` with `results[i + 1]`."""

    results: tuple[Result, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def first(self) -> Result:
        return self.results[0]

    @property
    def last(self) -> Result:
        return self.results[-1]

    @property
    def instrument(self) -> Instrument:
        return self.last.instrument

    def steps(self, domain: str) -> tuple[DomainChange, ...]:
        """What became of a domain from each result to the next."""
        return tuple(next(d for d in c.domains if d.id == domain) for c in self.comparisons)

    def latest(self, most: int) -> Trend:
        """The same course with no more than its last results."""
        dropped = max(0, len(self.results) - most)
        return Trend(self.results[dropped:], self.comparisons[dropped:])


def trend(results: Sequence[Result]) -> Trend:
    """The course of one person over three or more results.

    Parameters
    ----------
    results : in order of time, the earliest first; two of one day are allowed

    Raises
    ------
    CompareError
        When there are fewer than three, the births differ, or a later result stands before an earlier one.
    """
    if len(results) < TREND_FROM:
        raise CompareError(
            [Problem("trend", "results", f"are {len(results)}", f"give {TREND_FROM} or more, or compare two")]
        )
    return Trend(tuple(results), tuple(compare(a, b) for a, b in zip(results, results[1:], strict=False)))
