"""A second implementation of profile, plan and compare, to hold against the product.

Written from the rules in prose and the figures in YAML alone, before its author had read ``scoring``: it shares no code
and no data model with it, works on plain dictionaries, and prefers being plainly right to being quick. It expects a
valid case; what is invalid is the business of `test_case_file`.

The number before a remark is the rule of "Scoring, exactly" it comes from; the others name their section.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

import scoring.instrument

FOLDER = Path(scoring.instrument.__file__).parent
BOTTOM_UP = ["sensory_integration", "self_regulation", "relational", "cognitive"]
TIERS = ["build_first", "strengthen", "extend"]
KINDS = {
    "build_first": ["therapeutic", "educational"],
    "strengthen": ["educational", "enrichment"],
    "extend": ["enrichment"],
}
HOW_MANY = {"build_first": 3, "strengthen": 2, "extend": 1}


def read_figures(folder: Path = FOLDER) -> dict[str, Any]:
    """Give the figures as they stand in the three YAML files, merged into one mapping."""
    figures: dict[str, Any] = {}
    for name in ("instrument", "functions", "activities"):
        figures.update(yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8")))
    return figures


FIGURES = read_figures()


def months_between(start: date, end: date) -> int:
    """(1) Completed months; a day that the month lacks is reached on the next 1st."""
    months = (end.year * 12 + end.month) - (start.year * 12 + start.month)
    return months - 1 if end.day < start.day else months


class Reading:
    """One case read against the figures: everything that more than one rule needs."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.case = case
        self.born = date.fromisoformat(case["born"])
        self.assessed = date.fromisoformat(case["assessed"])
        self.lived = months_between(self.born, self.assessed)
        self.weeks_early = case.get("weeks_early")
        self.counted = self.lived
        if self.lived < 24 and self.weeks_early is not None:
            self.counted = max(0, months_between(self.born + timedelta(days=7 * self.weeks_early), self.assessed))
        early = self.factor("newborn", "adversity", "early_or_small_birth")
        self.age_unsure = self.lived < 24 and self.weeks_early is None and (early or 0) >= 1
        edges = FIGURES["age_bands_from_months"]
        self.band = max(i for i, edge in enumerate(edges) if edge <= self.counted)
        self.new_band = self.band > 0 and self.counted - edges[self.band] < 2
        self.set_aside = set(case.get("set_aside") or [])
        self.periods = [p for p in FIGURES["periods"] if p["from_months"] is None or p["from_months"] <= self.lived]
        self.functions = FIGURES["functions"]

    def section(self, name: str) -> dict[str, Any]:
        return self.case.get(name) or {}

    def factor(self, period: str, kind: str, name: str) -> int | None:
        return ((self.section("history").get(period) or {}).get(kind) or {}).get(name)

    def rating(self, f: dict[str, Any]) -> int | None:
        return self.section("functions").get(f["id"])

    def expected(self, f: dict[str, Any]) -> int | None:
        return f["expected"][self.band]

    def capped(self, f: dict[str, Any]) -> int:
        """The rating held to e, of a function that is known."""
        return min(self.rating(f), self.expected(f))

    def counts(self, f: dict[str, Any]) -> bool:
        """Applicable and not set aside."""
        return self.expected(f) is not None and f["id"] not in self.set_aside

    def known(self, f: dict[str, Any]) -> bool:
        return self.counts(f) and self.rating(f) is not None

    def gap(self, f: dict[str, Any]) -> int | None:
        """(2) e − r, never below 0 where being ahead is no strength."""
        if not self.known(f):
            return None
        gap = self.expected(f) - self.rating(f)
        return max(0, gap) if not f["ahead_counts"] else gap

    # --- harm (What is asked, History) ------------------------------------------------------------------------------

    def value_of_harm(self, harm: str) -> int | None:
        """The value that holds now: from the present period, or carried over from the last earlier known one."""
        present = self.periods[-1]
        asked_now = any(a["id"] == harm for a in present["adversity"])
        if asked_now:
            value = self.factor(present["id"], "adversity", harm)
            if value is not None:
                return value
        elif self.lived - present["from_months"] >= FIGURES["rules"]["carry_over_months"]:
            return None
        for period in reversed(self.periods[:-1]):
            name = harm
            if period["id"] == "before_birth" and harm == "violence_at_home":
                name = "violence_in_pregnancy"
            value = self.factor(period["id"], "adversity", name)
            if value is not None:
                return value
        return None

    def goes_on(self, harm: str) -> bool | None:
        return self.section("still_happening").get(harm)

    def present(self, harm: str) -> bool:
        return (self.value_of_harm(harm) or 0) >= 1

    def flag(self, name: str) -> bool | None:
        return self.section("safety").get(name)

    def harms_answered_yes(self) -> list[str]:
        return [h["id"] for h in FIGURES["harm_factors"] if self.goes_on(h["id"]) is True]

    def harmed_ever(self) -> bool:
        return (
            any(
                (self.factor(p["id"], "adversity", name) or 0) >= 1
                for p in FIGURES["periods"]
                for name in FIGURES["harm_ever"]
            )
            or self.flag("harmed_recently") is True
            or self.flag("told_of_harm") is True
        )

    def flags_yes(self) -> list[tuple[str, str]]:
        """The yes flags with their urgency, urgency now first, then instrument order."""
        found = []
        for flag in FIGURES["safety"]:
            if self.flag(flag["id"]) is True:
                found.append((flag["id"], "now" if _inside(self.lived, flag["now_months"]) else "this_week"))
        return [f for f in found if f[1] == "now"] + [f for f in found if f[1] != "now"]

    def waits(self) -> bool:
        """(The plan) While any of these holds, nobody is sent home to practise."""
        lifted = self.case.get("no_contact") is True
        for flag in FIGURES["safety"]:
            if flag["gate"] and self.flag(flag["id"]) is True and not (lifted and flag["no_contact_lifts"]):
                return True
        for harm in FIGURES["harm_factors"]:
            if harm["waits_from"] is None:
                continue
            answer = self.goes_on(harm["id"])
            if answer is True:
                return True
            value = self.value_of_harm(harm["id"]) or 0
            if answer is None and value >= max(1, harm["waits_from"]) and not lifted:
                return True
        return False


def _inside(months: int, span: list[int | None] | None) -> bool:
    if span is None:
        return False
    return span[0] <= months and (span[1] is None or months < span[1])


def _print(value: Fraction | int | None, digits: int) -> float | None:
    return None if value is None else float(round(Fraction(value), digits))


# --- domains and regions (3, 4) ---------------------------------------------------------------------------------------


def exact_score(reading: Reading, weights: dict[str, int]) -> dict[str, Any]:
    """(3, 4) One domain or region, every number exact; `weights` holds a weight for each function that belongs."""
    names = (
        "percent",
        "low",
        "high",
        "step_low",
        "step_high",
        "near_edge",
        "known_share",
        "mean_gap",
        "tier",
    )
    result: dict[str, Any] = dict.fromkeys(names)
    result["shown"] = False
    mine = [(f, weights[f["id"]]) for f in reading.functions if weights.get(f["id"], 0) > 0]
    everything = sum(w * reading.expected(f) for f, w in mine if reading.expected(f) is not None)
    total = sum(w * reading.expected(f) for f, w in mine if reading.counts(f))
    if total == 0:
        return result
    known = [(f, w) for f, w in mine if reading.known(f)]
    unknown = [(f, w) for f, w in mine if reading.counts(f) and not reading.known(f)]
    known_total = sum(w * reading.expected(f) for f, w in known)
    reached = sum(w * reading.capped(f) for f, w in known)
    result["known_share"] = Fraction(known_total, total)
    result["low"] = Fraction(100 * (reached + sum(w for _, w in unknown)), total)
    result["high"] = Fraction(100 * (reached + sum(w * reading.expected(f) for f, w in unknown)), total)
    if known:
        result["mean_gap"] = Fraction(
            sum(w * (reading.expected(f) - reading.capped(f)) for f, w in known), sum(w for _, w in known)
        )
    result["shown"] = result["known_share"] >= Fraction(7, 10) and (everything - total) * 2 <= everything
    may_have_tier = result["shown"] and reading.lived < 780 and not reading.age_unsure
    if reading.counted < 13:
        result["low"] = result["high"] = None
        if may_have_tier:
            gap = result["mean_gap"]
            result["tier"] = TIERS[0] if gap >= 3 else TIERS[1] if gap >= Fraction(3, 2) else TIERS[2]
        return result
    if result["shown"]:
        percent = max(Fraction(100 * reached, known_total), result["low"])
        result["percent"] = percent
        for name, step in (("step_low", -1), ("step_high", 1)):
            moved = sum(w * min(max(1, reading.rating(f) + step), reading.expected(f)) for f, w in known)
            result[name] = Fraction(100 * moved, known_total)
        result["near_edge"] = abs(percent - 65) < 5 or abs(percent - 85) < 5
        if may_have_tier:
            result["tier"] = TIERS[0] if percent < 65 else TIERS[1] if percent < 85 else TIERS[2]
    return result


def domain_weights(domain: str) -> dict[str, int]:
    return {f["id"]: f["weights"][domain] for f in FIGURES["functions"]}


def region_weights(region: str) -> dict[str, int]:
    return {f["id"]: int(f["region"] == region) for f in FIGURES["functions"]}


def printed_score(score: dict[str, Any]) -> dict[str, Any]:
    out = dict(score)
    for name in ("percent", "low", "high", "step_low", "step_high"):
        out[name] = _print(score[name], 1)
    for name in ("known_share", "mean_gap"):
        out[name] = _print(score[name], 2)
    return out


# --- history and relationships now (5, 6) -----------------------------------------------------------------------------


def period_load(reading: Reading, period: dict[str, Any]) -> dict[str, Any]:
    """(5) The load of one period."""
    hard = [reading.factor(period["id"], "adversity", a["id"]) for a in period["adversity"]]
    held = [reading.factor(period["id"], "relational", name) for name in period["relational"]]
    known_hard = [a for a in hard if a is not None]
    known_held = [b for b in held if b is not None]
    count = len(hard) + len(held)
    unknown_share = Fraction(count - len(known_hard) - len(known_held), count)

    def adversity(values: list[int], of: int) -> Fraction:
        return min(Fraction(1), (2 * max(values) + Fraction(of, len(values)) * sum(values)) / Fraction(15))

    def load(a: Fraction, b: Fraction) -> Fraction:
        return 50 * a + 50 * (1 - b)

    def whole(hard_guess: int, held_guess: int) -> Fraction:
        a = [hard_guess if v is None else v for v in hard]
        b = [held_guess if v is None else v for v in held]
        return load(adversity(a, len(a)), Fraction(sum(b), 3 * len(b)))

    shown = unknown_share <= Fraction(2, 5) and bool(known_hard) and bool(known_held)
    out: dict[str, Any] = {"adversity": None, "relational": None, "load": None}
    if shown:
        a = adversity(known_hard, len(hard))
        b = Fraction(sum(known_held), 3 * len(known_held))
        out = {"adversity": _print(100 * a, 1), "relational": _print(100 * b, 1), "load": _print(load(a, b), 1)}
    return out | {
        "low": _print(whole(0, 3), 1),
        "high": _print(whole(3, 0), 1),
        "unknown_share": _print(unknown_share, 2),
        "shown": shown,
    }


def relationships(reading: Reading) -> dict[str, Any]:
    """(6) Relationships now."""
    values = [reading.section("relational_now").get(r["id"]) for r in FIGURES["relational_now"]]
    known = [v for v in values if v is not None]
    shown = len(known) >= 7
    of = 3 * len(values)
    return {
        "percent": _print(Fraction(100 * sum(known), 3 * len(known)), 1) if shown else None,
        "low": _print(Fraction(100 * sum(known), of), 1),
        "high": _print(Fraction(100 * (sum(known) + 3 * (len(values) - len(known))), of), 1),
        "known_share": _print(Fraction(len(known), len(values)), 2),
        "shown": shown,
    }


# --- the plan ---------------------------------------------------------------------------------------------------------


def left_out(reading: Reading, activity: dict[str, Any]) -> bool:
    """Say whether the activity is left out of every choice."""
    return (
        not _inside(reading.counted, [activity["from_months"], activity["to_months"]])
        or any(reading.flag(name) is True for name in activity["not_while"])
        or any(reading.present(h) or reading.goes_on(h) is True for h in activity["not_if_current"])
        or (activity["only_after_harm"] and not reading.harmed_ever())
        or activity["id"] == "body_safety_therapy"
    )


def spread(ranked: list[dict[str, Any]], how_many: int) -> list[dict[str, Any]]:
    """The best, then the best in a setting not yet used, and when none is left the best remaining."""
    chosen: list[dict[str, Any]] = []
    remaining = list(ranked)
    while remaining and len(chosen) < how_many:
        used = {a["setting"] for a in chosen}
        fresh = [a for a in remaining if a["setting"] not in used]
        best = (fresh or remaining)[0]
        chosen.append(best)
        remaining.remove(best)
    return chosen


def make_plan(
    reading: Reading, tiers: dict[str, str], shares: Iterable[Fraction | None], ask_next: list[str]
) -> list[dict[str, Any]]:
    """Give the steps of the plan; `shares` are the domains' exact known shares."""
    waits = reading.waits()
    library = [a for a in FIGURES["activities"] if not left_out(reading, a)]
    taken: list[str] = []
    steps: list[dict[str, Any]] = []

    def add(kind: str, target: Any, activities: list[str], tier: str | None = None, waiting: bool = False) -> None:
        taken.extend(activities)
        steps.append(
            {
                "step": len(steps) + 1,
                "kind": kind,
                "target": target,
                "tier": tier,
                "waits": waiting,
                "activities": activities,
            }
        )

    alarms = [name for name, _ in reading.flags_yes()] + reading.harms_answered_yes()
    if alarms:
        add("safety", alarms, [])

    far = [f for f in reading.functions if (reading.gap(f) or 0) >= f["look_closer_from"]]
    far.sort(key=lambda f: f["look_closer_from"] - reading.gap(f))
    targets = [f["id"] for f in far[:6]]
    if targets:
        pool = [a for a in library if a["kind"] == "therapeutic" and (a["lead"] == "clinician" or not waits)]
        pool.sort(key=lambda a: (-len(set(a["functions"]) & set(targets)), a["setting"] != "clinic"))
        closer: list[str] = []
        for target in targets:
            first = next((a["id"] for a in pool if target in a["functions"]), "specialist_assessment")
            if first not in closer and len(closer) < 4:
                closer.append(first)
        add("look_closer", targets, closer)

    values = dict(reading.section("relational_now"))
    if values.get("carer_has_support") is None and reading.flag("carer_in_crisis") is True:
        values["carer_has_support"] = 0

    def need(activity: dict[str, Any]) -> int:
        return sum(3 - values[s] for s in activity["supports"] if values.get(s) is not None)

    chosen: list[str] = []
    if not waits:
        pool = [a for a in library if "relationship" in a["targets"] and a["id"] not in taken]
        needed = sorted((a for a in pool if need(a) > 0), key=lambda a: -need(a))
        if needed:
            chosen = [a["id"] for a in spread(needed, 2)]
        else:
            chosen = [a["id"] for a in pool if a["kind"] == "enrichment"][:1]
    add("relationship", "relationship", chosen, waiting=waits)

    for place, domain in enumerate(in_order(tiers)):
        tier = tiers[domain]
        chosen = []
        if place < 2 and not waits:
            kinds = KINDS[tier]
            by_id = {f["id"]: f for f in reading.functions}
            pool = []
            for activity in library:
                if domain in activity["targets"] and activity["kind"] in kinds and activity["id"] not in taken:
                    rank = sum(
                        by_id[name]["weights"][domain] * max(0, reading.gap(by_id[name]) or 0)
                        for name in activity["functions"]
                    )
                    if rank > 0:
                        pool.append((-rank, kinds.index(activity["kind"]), activity))
            pool.sort(key=lambda entry: entry[:2])
            chosen = [a["id"] for a in spread([a for _, _, a in pool], HOW_MANY[tier])]
        add("now" if place < 2 else "later", domain, chosen, tier=tier, waiting=waits)

    if any(share is not None and share < Fraction(7, 10) for share in shares):
        add("find_out", ask_next, [], waiting=waits)
    return steps


def in_order(tiers: dict[str, str]) -> list[str]:
    """The lowest that is not `extend`, then the others by tier, within a tier bottom-up."""
    having = [d for d in BOTTOM_UP if d in tiers]
    first = [d for d in having if tiers[d] != "extend"][:1]
    rest = [d for d in having if d not in first]
    return first + [d for tier in TIERS for d in rest if tiers[d] == tier]


# --- the whole --------------------------------------------------------------------------------------------------------


def profile(case: dict[str, Any]) -> dict[str, Any]:
    """Give the whole profile of a valid case."""
    reading = Reading(case)
    edges = FIGURES["age_bands_from_months"]
    last = reading.band == len(edges) - 1
    functions = []
    for f in reading.functions:
        rating, gap = reading.rating(f), reading.gap(f)
        status = None
        if f["id"] in reading.set_aside:
            status = "set_aside"
        elif gap is not None:
            status = "ahead" if gap < 0 else "as_expected" if gap <= 1 else "behind" if gap <= 3 else "far_behind"
        band = None
        if rating is not None:
            band = ["severe", "moderate", "mild", "typical"][(rating - 1) // 3]
        functions.append(
            {
                "id": f["id"],
                "region": f["region"],
                "rating": rating,
                "expected": reading.expected(f),
                "gap": gap,
                "band": band,
                "status": status,
            }
        )
    exact = {d: exact_score(reading, domain_weights(d)) for d in BOTTOM_UP}
    regions = {r: printed_score(exact_score(reading, region_weights(r))) for r in FIGURES["regions"]}
    tiers = {d: s["tier"] for d, s in exact.items() if s["tier"] is not None}

    strong = [f for f in reading.functions if reading.known(f) and reading.rating(f) >= reading.expected(f)]
    strong = [f for f in strong if f["ahead_counts"] or reading.rating(f) == reading.expected(f)]
    strong.sort(key=lambda f: reading.expected(f) - reading.rating(f))
    missing = [f for f in reading.functions if reading.counts(f) and not reading.known(f)]
    missing.sort(key=lambda f: -sum(f["weights"].values()) * reading.expected(f))
    ask_next = [f["id"] for f in missing[:5]]
    plan = make_plan(reading, tiers, [s["known_share"] for s in exact.values()], ask_next)
    chosen = {name for step in plan for name in step["activities"]}
    still = [
        h["id"]
        for h in FIGURES["harm_factors"]
        if reading.goes_on(h["id"]) is True or (reading.goes_on(h["id"]) is None and reading.present(h["id"]))
    ]
    return {
        "schema": "stemwise-profile/1",
        "instrument": {"id": FIGURES["id"], "version": FIGURES["version"]},
        "label": case.get("label"),
        "assessed": case["assessed"],
        "age_months": reading.lived,
        "counted_months": reading.counted,
        "age_band": f"{edges[reading.band]}+" if last else f"{edges[reading.band]}-{edges[reading.band + 1]}",
        "age_unsure": reading.age_unsure,
        "new_band": reading.new_band,
        "functions": functions,
        "domains": {d: printed_score(s) for d, s in exact.items()},
        "regions": regions,
        "history": {p["id"]: period_load(reading, p) for p in reading.periods},
        "relational_now": relationships(reading),
        "safety": [{"id": name, "urgency": urgency} for name, urgency in reading.flags_yes()],
        "safety_unknown": [
            f["id"]
            for f in FIGURES["safety"]
            if reading.flag(f["id"]) is None and _inside(reading.lived, [f["asked_from_months"], f["asked_to_months"]])
        ],
        "still_happening": still,
        "strengths": [f["id"] for f in strong],
        "ask_next": ask_next,
        "order": in_order(tiers),
        "plan": plan,
        "family_minutes": float(
            sum(
                a["minutes"] * Fraction(a["per_week"])
                for a in FIGURES["activities"]
                if a["adds_load"] and a["id"] in chosen
            )
        ),
    }


def compare(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Say what changed between two valid cases of one person, the earlier one first."""
    old, new = Reading(before), Reading(after)
    steps: dict[str, int] = {}
    functions = []
    for f in FIGURES["functions"]:
        moved, step = "unknown", None
        if old.known(f) and new.known(f):
            values = [r.rating(f) if f["ahead_counts"] else r.capped(f) for r in (old, new)]
            step = steps[f["id"]] = values[1] - values[0]
            moved = "up" if step >= 2 else "down" if step <= -2 else "within_noise"
        functions.append(
            {
                "id": f["id"],
                "before": old.rating(f),
                "after": new.rating(f),
                "change": step,
                "expected_before": old.expected(f),
                "expected_after": new.expected(f),
                "moved": moved,
            }
        )
    return {
        "schema": "stemwise-compare/1",
        "before": {"assessed": before["assessed"], "age_months": old.lived},
        "after": {"assessed": after["assessed"], "age_months": new.lived},
        "functions": functions,
        "domains": {d: _compare_domain(old, new, domain_weights(d), steps) for d in BOTTOM_UP},
    }


def _compare_domain(old: Reading, new: Reading, weights: dict[str, int], steps: dict[str, int]) -> dict[str, Any]:
    one, two = exact_score(old, weights), exact_score(new, weights)
    out = {"before": _print(one["percent"], 1), "after": _print(two["percent"], 1), "change": None, "moved": "unknown"}
    mine = {name for name, w in weights.items() if w > 0}
    if one["percent"] is None or two["percent"] is None or (old.set_aside & mine) != (new.set_aside & mine):
        return out
    change = two["percent"] - one["percent"]
    out["change"] = _print(change, 1)
    overlap = one["low"] <= two["high"] and two["low"] <= one["high"]
    if abs(change) < 5 or overlap:
        return out | {"moved": "within_noise"}
    sign = 1 if change > 0 else -1
    moved = sum(weights[n] * abs(s) for n, s in steps.items() if s * sign >= 2)
    if moved >= 8:
        return out | {"moved": "up" if sign > 0 else "down"}
    fallen = sum(weights[n] * -s for n, s in steps.items() if s < 0)
    rose = any(
        weights[f["id"]] > 0
        and f["id"] not in old.set_aside | new.set_aside
        and old.expected(f) is not None
        and new.expected(f) is not None
        and new.expected(f) > old.expected(f)
        for f in FIGURES["functions"]
    )
    return out | {"moved": "expectations_grew" if sign < 0 and fallen < 8 and rose else "unclear"}


# --- holding two answers side by side ---------------------------------------------------------------------------------

#: Objects whose keys are ids: nothing may be added to them, while a record may hold more fields than the rules name.
KEYED_BY_ID = frozenset({"domains", "regions", "history"})


def differences(wanted: Any, found: Any, place: str = "") -> list[str]:
    """Say where an answer differs from the wanted one: numbers as numbers, true never as 1, more fields are welcome."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        lines = [f"{place}.{key}: missing, wanted {wanted[key]!r}" for key in wanted if key not in found]
        if place.rpartition(".")[2] in KEYED_BY_ID:
            lines += [f"{place}.{key}: too much" for key in found if key not in wanted]
        for key in wanted.keys() & found.keys():
            lines += differences(wanted[key], found[key], f"{place}.{key}")
        return sorted(lines)
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return [
            line
            for i, (w, f) in enumerate(zip(wanted, found, strict=True))
            for line in differences(w, f, f"{place}[{i}]")
        ]
    if isinstance(wanted, bool) or isinstance(found, bool):
        same = wanted is found
    elif isinstance(wanted, int | float) and isinstance(found, int | float):
        same = wanted == found
    else:
        same = type(wanted) is type(found) and wanted == found
    return [] if same else [f"{place}: wanted {wanted!r}, found {found!r}"]
