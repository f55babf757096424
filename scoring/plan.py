"""From a profile to a plan: steps in order, and the activities that fit, each for a reason.

The order (safety, a closer look, relationships, then domains from the bottom up) is a convention and untested; docs/scoring.md
says why each rule is so. No text and no drawing stand here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from scoring.case import Case, PeriodAnswers
from scoring.edits import NO_EDITS, Drop, PlanEdits, Swap, allows
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


def make_plan(case: Case, profile: Profile, instrument: Instrument, edits: PlanEdits = NO_EDITS) -> Plan:
    """The plan for a scored case.

    Parameters
    ----------
    profile : what `score` made of this very case
    edits : what the clinician changed: limits bind every choice but that of the closer look, since a check never waits;
        swaps and drops follow in their order, and one that no longer fits is passed over

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
    return _Planner(case, profile, instrument, edits).plan()


def what_else_fits(
    case: Case, profile: Profile, instrument: Instrument, edits: PlanEdits, activity: str
) -> tuple[str, ...]:
    """What an activity of the plan could be swapped for: others with the same target, best first.

    None that stands in the plan already, was dropped, or is left out for a flag, a harm, the age or a limit.

    Raises
    ------
    KeyError
        When the activity does not stand in the plan.
    """
    planner = _Planner(case, profile, instrument, edits)
    planner.plan()
    return tuple(a.id for a in planner.alternatives(activity))


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

    def __init__(self, case: Case, profile: Profile, instrument: Instrument, edits: PlanEdits = NO_EDITS) -> None:
        self._case, self._profile, self._instrument, self._edits = case, profile, instrument, edits
        self._waits = plan_waits(case, instrument)
        self._chosen: set[str] = set()
        self._dropped: set[str] = set()
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
        for change in self._edits.changes:
            self._change(change)
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

    # --- what the clinician changes ---

    def _change(self, change: Swap | Drop) -> None:
        """Swap or drop an activity where it stands; what was changed since may have taken it out already.

        What was to come in its place can be chosen by itself by now, under limits set since: then the other just goes. A closer
        look keeps it, since a check never waits.
        """
        if isinstance(change, Drop):
            self._dropped.add(change.activity)
        if change.activity not in self._chosen:
            return
        place, step = self._step_of(change.activity)
        new: tuple[str, ...] = ()
        if isinstance(change, Swap):
            is_there = change.to in self._chosen - {change.activity} and step.kind != "look_closer"
            if not is_there and change.to not in {a.id for a in self.alternatives(change.activity)}:
                return
            new = () if is_there else (change.to,)
        at = step.activities.index(change.activity)
        self._steps[place] = replace(step, activities=(*step.activities[:at], *new, *step.activities[at + 1 :]))
        self._chosen.discard(change.activity)
        self._chosen.update(new)

    def _step_of(self, activity: str) -> tuple[int, Step]:
        for place, step in enumerate(self._steps):
            if activity in step.activities:
                return place, step
        raise KeyError(activity)

    def alternatives(self, activity: str) -> list[Activity]:
        """What fits the same target as an activity of the plan, best first; also what only a clinician chooses."""
        _, step = self._step_of(activity)
        dropped = self._dropped  # up to this change: one that is dropped later was free to come in
        by_hand = [self._instrument.activity[name] for name in sorted(BY_HAND_ONLY)]
        free = [a for a in (*self._free(), *(a for a in by_hand if self._is_safe(a))) if a.id not in dropped]
        if step.kind == "look_closer":
            listed = set(self._instrument.activity[activity].functions) & set(step.target) or set(step.target)
            fallback = self._instrument.activity[FALLBACK_ACTIVITY]
            found = [a for a in self._closer_candidates(free, step.target) if listed & set(a.functions)]
            if fallback.id not in self._chosen | dropped and fallback not in found:
                found.append(fallback)
            # a check is swapped for a check: nobody is to practise at home what somebody should have looked at
            checks = self._instrument.activity[activity].lead == "clinician"
            return [a for a in found if a.setting == "clinic" and (a.lead == "clinician" or not checks)]
        free = [a for a in free if self._is_within_limits(a)]
        if step.kind == "relationship":
            return self._relationship_ranked(free) or self._keeping_up(free)
        assert isinstance(step.target, str)
        return self._domain_ranked(free, step.target, step.tier) if step.tier else []

    # --- what may be chosen ---

    def _is_within_limits(self, activity: Activity) -> bool:
        return all(allows(limit, activity) for limit in self._edits.limits)

    def _fits(self, activity: Activity) -> bool:
        return activity.id not in BY_HAND_ONLY and self._is_safe(activity)

    def _is_safe(self, activity: Activity) -> bool:
        """Made for this age, and nothing that was answered speaks against it."""
        case = self._case
        return (
            activity.fits_age(self._profile.counted_months)
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
        candidates = self._closer_candidates(self._free(), targets)
        fallback = self._instrument.activity[FALLBACK_ACTIVITY]
        taken: dict[str, Activity] = {}
        for target in targets:
            first = next((a for a in candidates if target in a.functions), fallback)
            if first.id in taken or len(taken) < rules.look_closer_activities_max:
                taken[first.id] = first
        self._add("look_closer", tuple(targets), taken.values())

    def _closer_candidates(self, free: Iterable[Activity], targets: Sequence[str]) -> list[Activity]:
        """Therapeutic activities, those that list most of the targets first; while the plan waits, a clinician's only."""
        return sorted(
            (a for a in free if a.kind == "therapeutic" and (a.lead == "clinician" or not self._waits)),
            key=lambda a: (-len(set(a.functions) & set(targets)), a.setting != "clinic"),
        )

    def _relationship(self) -> None:
        free = [a for a in self._free() if self._is_within_limits(a)]
        chosen = self._spread(self._relationship_ranked(free), RELATIONSHIP_ACTIVITIES)
        self._add("relationship", RELATIONSHIP, chosen or self._keeping_up(free)[:1])

    def _relationship_ranked(self, free: Iterable[Activity]) -> list[Activity]:
        """What supports the factors that do not hold steadily, by how far they do not."""
        values = dict(self._case.relational_now)
        if self._case.safety.get("carer_in_crisis"):
            values.setdefault("carer_has_support", 0)
        return self._ranked(
            (a for a in free if RELATIONSHIP in a.targets),
            rank=lambda a: sum(3 - values[s] for s in a.supports if s in values),
        )

    @staticmethod
    def _keeping_up(free: Iterable[Activity]) -> list[Activity]:
        """What keeps up relationships that hold, or fits while nothing is known of them."""
        return [a for a in free if RELATIONSHIP in a.targets and a.kind == "enrichment"]

    def _domain(self, domain: str, *, now: bool) -> None:
        tier = self._profile.domains[domain].tier
        assert tier is not None  # only domains with a tier stand in the order
        chosen: list[Activity] = []
        if now:
            _, most = KINDS_BY_TIER[tier]
            free = (a for a in self._free() if self._is_within_limits(a))
            chosen = self._spread(self._domain_ranked(free, domain, tier), most)
        self._add("now" if now else "later", domain, chosen, tier)

    def _domain_ranked(self, free: Iterable[Activity], domain: str, tier: str) -> list[Activity]:
        """What trains the functions of a domain that are behind, by weight and gap."""
        kinds, _ = KINDS_BY_TIER[tier]
        weight = {f.id: f.weights[domain] for f in self._instrument.figures.functions}
        return self._ranked(
            (a for a in free if domain in a.targets and a.kind in kinds),
            rank=lambda a: sum(weight[f] * self._gaps.get(f, 0) for f in a.functions),
            kinds=kinds,
        )

    def _find_out(self) -> None:
        least = self._instrument.figures.rules.known_share_min
        shares = [d.known_share for d in self._profile.domains.values()]
        if any(share is not None and share < least for share in shares):
            self._add("find_out", self._profile.ask_next)
