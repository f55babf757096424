"""What a proof says at its end, and while it runs: one line of result, and progress on a terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(slots=True)
class Outcome:
    """What a run of a proof found.

    Attributes
    ----------
    counts : what was done, in the words of the proof ("kills", "answers")
    lost : each thing that was confirmed and is not there
    doubled : each thing that is there more often than it was given
    wrong : whatever else does not hold
    """

    name: str
    seed: int
    counts: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def count(self, what: str, by: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + by

    @property
    def holds(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)

    def line(self) -> str:
        """The result, as it stands in `docs/reliability.md`."""
        done = ", ".join(f"{number:,} {what}" for what, number in self.counts.items())
        found = f"lost: {len(self.lost)}, doubled: {len(self.doubled)}, wrong: {len(self.wrong)}"
        return f"{datetime.now(UTC).date()} {self.name} seed {self.seed}: {done}; {found}"

    def faults(self) -> str:
        """Whatever does not hold, a line each: a run of half an hour is not repeated to see the ninth."""
        kinds = (("lost", self.lost), ("doubled", self.doubled), ("wrong", self.wrong))
        return "\n".join(f"  {kind}: {what}" for kind, found in kinds for what in found)


Progress = Callable[[int], None]


def progress_to(total: int, what: str) -> Progress:
    """Shows how far a run is, on a terminal only."""
    if not sys.stderr.isatty():
        return lambda _: None

    def show(done: int) -> None:
        sys.stderr.write(f"\r{done:,} of {total:,} {what} ")
        sys.stderr.flush()

    return show


def run_by_hand(proof: Callable[[int, int, Progress], Outcome], *, count: int, what: str) -> int:
    """The whole of a proof's `main`: read the options, run, print the result; the exit code.

    Parameters
    ----------
    proof : takes count, seed and progress
    count : of a full run
    what : is counted
    """
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--count", type=int, default=count, help=f"{what} (default: {count:,})")
    parser.add_argument("--seed", type=int, default=1, help="of all dice")
    options = parser.parse_args()
    outcome = proof(options.count, options.seed, progress_to(options.count, what))
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    sys.stdout.write(outcome.line() + "\n")
    if not outcome.holds:
        sys.stderr.write(outcome.faults() + "\n")
    return 0 if outcome.holds else 1
