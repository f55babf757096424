"""Who said what for an encounter, where they differ, and what became of its flags: for summary and report."""

from __future__ import annotations

from collections.abc import Iterator

from flows.conversation import Interview
from flows.desk import Desk
from flows.labels import who
from flows.storage.casebook import EncounterInfo
from flows.storage.flags import FlagInfo
from scoring.documents.voices import AnsweredBy, Disagreement, FlagLine, Voices
from scoring.documents.words import capital

#: By whom a flag was cleared at the command line.
OPERATOR = "operator"


def voices_of(desk: Desk, encounter_id: str) -> Voices:
    """Everything of an encounter's result that comes from its informants."""
    encounter = desk.cases.encounter(encounter_id)
    info = desk.cases.clinician_interview(encounter_id)
    if info is None:
        return Voices()
    interview = desk.cases.interview(info.id, desk.settings.today(desk.tx.now))
    ratings = [a for item, a in interview.answers.of.items() if item.startswith("functions.")]
    return Voices(
        answered_by=tuple(_answered(desk, encounter, interview)),
        flags=tuple(_flags(desk, encounter.case_id)),
        disagreements=tuple(_disagreements(desk, interview)),
        bulk_confirmed=sum(a.is_bulk for a in ratings),
    )


def _answered(desk: Desk, encounter: EncounterInfo, interview: Interview) -> Iterator[AnsweredBy]:
    named = {o.informant_id: o for o in interview.others}
    for info in desk.cases.interviews(encounter.id):
        if info.state == "withdrawn":
            continue
        other = named.get(info.informant_id)
        answers = other.answers if other else interview.answers
        asked = [i for i in answers.of if not i.startswith(("about.", "consent"))]
        if not asked:
            continue  # opened, and left before anything was asked
        yield AnsweredBy(
            who=other.who if other else capital(who(info.role)),
            on=desk.settings.local_day(info.updated_at),
            answered=sum(answers.of[i].kind == "answer" for i in asked),
            asked=len(asked),
        )


def _flags(desk: Desk, case_id: str) -> Iterator[FlagLine]:
    for flag in desk.flags.infos(case_id):
        if flag.state == "withdrawn":
            continue
        yield FlagLine(
            flag=flag.question,
            raised_by=capital(desk.who_raised(flag)),
            raised_on=desk.settings.local_day(flag.raised_at),
            cleared_by=_who_cleared(flag) if flag.ended_at else None,
            cleared_on=desk.settings.local_day(flag.ended_at) if flag.ended_at else None,
            reason=flag.reason,
        )


def _who_cleared(flag: FlagInfo) -> str:
    """At the command line it is the operator, who need be no clinician."""
    return "The operator" if flag.ended_by == OPERATOR else capital(who("clinician"))


def _disagreements(desk: Desk, interview: Interview) -> Iterator[Disagreement]:
    """Functions on which a suggested rating is far from the clinician's, or two informants are far from each other."""
    figures, scale = desk.instrument.figures, desk.instrument.words.scales["carer_scale"]
    for item, given in interview.suggestions(desk.instrument).items():
        rating = interview.answers.value(item)
        places = [figures.carer_scale.index(answer) for _, answer, _ in given]
        far = rating is not None and any(abs(rating - s) >= figures.rules.ratings_disagree_from for _, _, s in given)
        apart = max(places) - min(places) >= figures.rules.carer_steps_disagree_from
        if far or apart:
            said = [(o.who, f"{scale[answer].word.lower()} (suggests {s})") for o, answer, s in given]
            said.append(("Clinician", "not rated" if rating is None else str(rating)))
            yield Disagreement(function=item.removeprefix("functions."), said=tuple(said))
