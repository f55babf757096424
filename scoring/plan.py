"""From a profile to a plan: steps in order, and the activities that fit, each for a reason.

The order (safety, a closer look, relationships, then domains from the bottom up) is a convention and untested; docs/scoring.md
says why each rule is so. No text and no drawing stand here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction

from scoring.case import Case, PeriodAnswers
from scoring.instrument import Instrument
from scoring.instrument.checks import FALLBACK_ACTIVITY, KINDS_BY_TIER, RELATIONSHIP
from scoring.instrument.model import Activity
from scoring.profile import Plan, Profile, Step, StepKind
from scoring.score import harm_value_now, is_harm_present

DOMAINS_NOW = 2
RELATIONSHIP_ACTIVITIES = 2
#: Never chosen by ratings alone: a clinician chooses it for a reason.
BY_HAND_ONLY = frozenset({"body_safety_therapy"})
#: Flags that, like a harm factor, make help after harm fit.
HARM_FLAGS = ("harmed_recently", "told_of_harm")


def make_plan(case: Case, profile: Profile, instrument: Instrument) -> Plan:
    """The plan for a scored case.

    Parameters
    ----------
    profile : what `score` made of this very case

    Returns
    -------
    Plan
        Steps numbered from 1; while the plan waits, only the closer look has activities.

    Examples
    --------
    >>> from datetime import date
    >>> from scoring.instrument import load
    >>> from scoring.score import score
    >>> case = Case(label=None, born=date(2018, 3, 14), assessed=date(2026, 4, 1))
    >>> [step.kind for step in make_plan(case, score(case, load()), load()).steps]
    ['relationship', 'find_out']
    """
    return _Planner(case, profile, instrument).plan()


def plan_waits(case: Case, instrument: Instrument) -> bool:
    """Whether the plan must wait: an open gate flag, or a grave harm that goes on or that nobody has asked about."""
    return any(True for _ in waits_for(case, instrument))


def waits_for(case: Case, instrument: Instrument) -> Iterator[str]:
    """The ids of the flags and harms for which the plan waits, in instrument order."""
    for question in instrument.figures.safety:
        lifted = case.no_contact and question.no_contact_lifts
        if question.gate and case.safety.get(question.id) and not lifted:
            yield question.id
    for harm in instrument.figures.harm_factors:
        if harm.waits_from is None:
            continue
        answer = case.still_happening.get(harm.id)
        unasked = answer is None and not case.no_contact
        grave = (harm_value_now(case, harm.id, instrument) or 0) >= harm.waits_from
        if answer or (unasked and grave):
            yield harm.id


class _Planner:
    """One plan in the making: what is chosen already, and what is left out throughout."""

    def __init__(self, case: Case, profile: Profile, instrument: Instrument) -> None:
        self._case, self._profile, self._instrument = case, profile, instrument
        self._waits = plan_waits(case, instrument)
        self._chosen: set[str] = set()
        self._steps: list[Step] = []
        self._fitting = [a for a in instrument.figures.activities if self._fits(a)]
        self._gaps = {f.id: max(0, f.gap) for f in profile.functions if f.gap is not None}

    def plan(self) -> Plan:
        self._safety()
        self._look_closer()
        self._relationship()
        for place, domain in enumerate(self._profile.order):
            self._domain(domain, now=place < DOMAINS_NOW)
        self._find_out()
        load = sum(
            (Fraction(a.minutes) * Fraction(str(a.per_week)) for a in self._taken() if a.adds_load), start=Fraction(0)
        )
        return Plan(tuple(self._steps), self._waits, load)

    def _taken(self) -> Iterator[Activity]:
        return (self._instrument.activity[i] for step in self._steps for i in step.activities)

    def _add(
        self,
        kind: StepKind,
        target: str | tuple[str, ...],
        activities: Iterable[Activity] = (),
        tier: str | None = None,
    ) -> None:
        waits = self._waits and kind not in ("safety", "look_closer")
        ids = () if waits else tuple(a.id for a in activities)
        self._chosen.update(ids)
        self._steps.append(Step(len(self._steps) + 1, kind, target, tier, waits, ids))

    # --- what may be chosen ---

    def _fits(self, activity: Activity) -> bool:
        case = self._case
        return (
            activity.fits_age(self._profile.counted_months)
            and activity.id not in BY_HAND_ONLY
            and not any(case.safety.get(flag) for flag in activity.not_while)
            and not any(
                case.still_happening.get(harm) or is_harm_present(case, harm, self._instrument)
                for harm in activity.not_if_current
            )
            and (not activity.only_after_harm or self._was_harmed())
        )

    def _was_harmed(self) -> bool:
        case = self._case
        answers = [case.history.get(p.id, PeriodAnswers()).adversity for p in self._instrument.figures.periods]
        return any(case.safety.get(flag) for flag in HARM_FLAGS) or any(
            period.get(harm, 0) >= 1 for period in answers for harm in self._instrument.figures.harm_ever
        )

    def _free(self) -> Iterator[Activity]:
        return (a for a in self._fitting if a.id not in self._chosen)

    @staticmethod
    def _spread(ranked: Sequence[Activity], most: int) -> list[Activity]:
        """The best, then each time the best whose setting is not yet used, then the best remaining."""
        left = list(ranked)
        taken: list[Activity] = []
        while left and len(taken) < most:
            used = {a.setting for a in taken}
            best = next((a for a in left if a.setting not in used), left[0])
            left.remove(best)
            taken.append(best)
        return taken

    def _ranked(
        self, candidates: Iterable[Activity], rank: Callable[[Activity], int], kinds: Sequence[str] = ()
    ) -> list[Activity]:
        """Those that rank above 0, best first, then by kind as given; ties keep the library's order."""
        by_rank = [(rank(a), a) for a in candidates]
        above = [entry for entry in by_rank if entry[0] > 0]
        return [a for _, a in sorted(above, key=lambda e: (-e[0], kinds.index(e[1].kind) if kinds else 0))]

    # --- the steps ---

    def _safety(self) -> None:
        goes_on = [h.id for h in self._instrument.figures.harm_factors if self._case.still_happening.get(h.id)]
        if targets := (*(flag.id for flag in self._profile.safety), *goes_on):
            self._add("safety", targets)

    def _look_closer(self) -> None:
        rules = self._instrument.figures.rules
        excess = [
            (f.gap - self._instrument.function[f.id].look_closer_from, f.id)
            for f in self._profile.functions
            if f.gap is not None and f.gap >= self._instrument.function[f.id].look_closer_from
        ]
        targets = [name for _, name in sorted(excess, key=lambda e: -e[0])][: rules.look_closer_functions_max]
        if not targets:
            return
        candidates = sorted(
            (a for a in self._free() if a.kind == "therapeutic" and (a.lead == "clinician" or not self._waits)),
            key=lambda a: (-len(set(a.functions) & set(targets)), a.setting != "clinic"),
        )
        fallback = self._instrument.activity[FALLBACK_ACTIVITY]
        taken: dict[str, Activity] = {}
        for target in targets:
            first = next((a for a in candidates if target in a.functions), fallback)
            if first.id in taken or len(taken) < rules.look_closer_activities_max:
                taken[first.id] = first
        self._add("look_closer", tuple(targets), taken.values())

    def _relationship(self) -> None:
        values = dict(self._case.relational_now)
        if self._case.safety.get("carer_in_crisis"):
            values.setdefault("carer_has_support", 0)
        candidates = [a for a in self._free() if RELATIONSHIP in a.targets]
        ranked = self._ranked(candidates, rank=lambda a: sum(3 - values[s] for s in a.supports if s in values))
        chosen = self._spread(ranked, RELATIONSHIP_ACTIVITIES)
        if not chosen:
            chosen = [a for a in candidates if a.kind == "enrichment"][:1]
        self._add("relationship", RELATIONSHIP, chosen)

    def _domain(self, domain: str, *, now: bool) -> None:
        tier = self._profile.domains[domain].tier
        assert tier is not None  # only domains with a tier stand in the order
        chosen: list[Activity] = []
        if now:
            kinds, most = KINDS_BY_TIER[tier]
            weight = {f.id: f.weights[domain] for f in self._instrument.figures.functions}
            candidates = [a for a in self._free() if domain in a.targets and a.kind in kinds]
            ranked = self._ranked(
                candidates, rank=lambda a: sum(weight[f] * self._gaps.get(f, 0) for f in a.functions), kinds=kinds
            )
            chosen = self._spread(ranked, most)
        self._add("now" if now else "later", domain, chosen, tier)

    def _find_out(self) -> None:
        least = self._instrument.figures.rules.known_share_min
        shares = [d.known_share for d in self._profile.domains.values()]
        if any(share is not None and share < least for share in shares):
            self._add("find_out", self._profile.ask_next)
