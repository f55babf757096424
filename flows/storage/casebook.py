"""Cases, encounters, interviews, responses and results: everything that belongs to a person under a label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from flows.answers import PREFILLED, Answers, Response
from flows.conversation import Interview, Other
from flows.itinerary import Person, Role
from flows.labels import who
from flows.storage import keys, models
from flows.storage.flags import Flags
from flows.storage.results import Results
from flows.storage.store import Tx, new_id
from scoring.documents.words import capital


@dataclass(frozen=True, slots=True)
class CaseInfo:
    id: str
    clinician_id: str
    label: str
    born: date
    on_hold: bool
    created_at: datetime
    last_activity_at: datetime


@dataclass(frozen=True, slots=True)
class EncounterInfo:
    id: str
    case_id: str
    number: int
    state: str
    assessed: date | None
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class InterviewInfo:
    id: str
    encounter_id: str
    informant_id: str
    role: Role
    state: str
    started_at: datetime
    updated_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredResponse:
    number: int
    at: datetime
    response: Response


class Casebook:
    def __init__(self, tx: Tx, flags: Flags, results: Results) -> None:
        self._tx = tx
        self._results = results
        self._flags = flags

    # --- cases ---

    def _label_index(self, clinician_id: str, label: str) -> bytes:
        return self._tx.master.index("label", clinician_id, label)

    def is_label_taken(self, clinician_id: str, label: str) -> bool:
        index = self._label_index(clinician_id, label)
        return self._tx.session.scalar(select(models.Case.id).where(models.Case.label_index == index)) is not None

    def add_case(self, clinician_id: str, label: str, born: date, case_id: str | None = None) -> CaseInfo:
        case_id = case_id or new_id()
        self._tx.make_key(case_id)
        self._tx.session.add(
            models.Case(
                id=case_id,
                clinician_id=clinician_id,
                sealed_label=self._tx.seal(case_id, label, "cases", case_id, "label"),
                label_index=self._label_index(clinician_id, label),
                sealed_birth=self._tx.seal(case_id, born.isoformat(), "cases", case_id, "birth"),
                on_hold=False,
                created_at=self._tx.now,
                last_activity_at=self._tx.now,
            )
        )
        self._tx.session.flush()
        return self.case(case_id)

    def has_case(self, case_id: str) -> bool:
        return self._tx.session.get(models.Case, case_id) is not None

    def case(self, case_id: str) -> CaseInfo:
        return self._case(self._tx.session.get_one(models.Case, case_id))

    def _case(self, row: models.Case) -> CaseInfo:
        return CaseInfo(
            id=row.id,
            clinician_id=row.clinician_id,
            label=self._tx.unseal(row.id, row.sealed_label, "cases", row.id, "label"),
            born=date.fromisoformat(self._tx.unseal(row.id, row.sealed_birth, "cases", row.id, "birth")),
            on_hold=row.on_hold,
            created_at=row.created_at,
            last_activity_at=row.last_activity_at,
        )

    def cases_of(self, clinician_id: str | None, *, offset: int = 0, limit: int | None = None) -> list[CaseInfo]:
        """A clinician's cases (everybody's for `None`), the latest active first."""
        query = select(models.Case).order_by(models.Case.last_activity_at.desc(), models.Case.id).offset(offset)
        if clinician_id is not None:
            query = query.where(models.Case.clinician_id == clinician_id)
        if limit is not None:
            query = query.limit(limit)
        return [self._case(row) for row in self._tx.session.scalars(query)]

    def count_cases(self, clinician_id: str) -> int:
        return int(
            self._tx.session.scalar(
                select(func.count()).select_from(models.Case).where(models.Case.clinician_id == clinician_id)
            )
            or 0
        )

    def find_cases(self, name: str, clinician_ids: list[str]) -> list[CaseInfo]:
        """Cases under an id, or under a label with any of these clinicians."""
        row = self._tx.session.get(models.Case, name)
        if row is not None:
            return [self._case(row)]
        indexes = [self._label_index(c, name) for c in clinician_ids]
        rows = self._tx.session.scalars(select(models.Case).where(models.Case.label_index.in_(indexes)))
        return [self._case(r) for r in rows]

    def untouched_since(self, before: datetime) -> list[tuple[str, datetime]]:
        """Cases not on hold whose last activity is older, with the time of it."""
        rows = self._tx.session.execute(
            select(models.Case.id, models.Case.last_activity_at).where(
                models.Case.on_hold.is_(False), models.Case.last_activity_at <= before
            )
        )
        return [(case_id, at) for case_id, at in rows]

    def touch(self, case_id: str) -> None:
        self._tx.session.get_one(models.Case, case_id).last_activity_at = self._tx.now

    def set_hold(self, case_id: str, *, on_hold: bool) -> None:
        self._tx.session.get_one(models.Case, case_id).on_hold = on_hold

    def move_case(self, case_id: str, clinician_id: str) -> None:
        row = self._tx.session.get_one(models.Case, case_id)
        label = self._case(row).label
        row.clinician_id, row.label_index = clinician_id, self._label_index(clinician_id, label)

    def erase_case(self, case_id: str) -> None:
        """Delete the case's key and rows; the caller flushes what was deleted out of the files."""
        session = self._tx.session
        encounters = select(models.Encounter.id).where(models.Encounter.case_id == case_id)
        interviews = select(models.Interview.id).where(models.Interview.encounter_id.in_(encounters))
        stands_here = (models.Conversation.case_id == case_id) | models.Conversation.interview_id.in_(interviews)
        for row in session.scalars(select(models.Conversation).where(stands_here)):
            draft = self._tx.seal(keys.INSTALLATION, {"page": 0}, "conversations", row.account_id, "draft")
            row.sealed_draft = draft  # a draft can hold words about the case
        session.flush()
        session.execute(
            update(models.Conversation)
            .where(stands_here)
            .values(
                kind="home",
                state="home",
                case_id=None,
                interview_id=None,
                screen_version=models.Conversation.screen_version + 1,
            )
        )
        self._tx.drop_key(case_id)
        for table, condition in (
            (models.Flag, models.Flag.case_id == case_id),
            (models.Response, models.Response.interview_id.in_(interviews)),
            (models.PlanEdit, models.PlanEdit.encounter_id.in_(encounters)),
            (models.Result, models.Result.encounter_id.in_(encounters)),
            (models.Interview, models.Interview.encounter_id.in_(encounters)),
            (models.Invitation, models.Invitation.case_id == case_id),
            (models.Encounter, models.Encounter.case_id == case_id),
            (models.Informant, models.Informant.case_id == case_id),
            (models.Outbox, models.Outbox.case_id == case_id),
            (models.SentMessage, models.SentMessage.case_id == case_id),
            (models.Case, models.Case.id == case_id),
        ):
            session.execute(delete(table).where(condition))
        session.expire_all()

    # --- encounters ---

    def add_encounter(self, case_id: str) -> EncounterInfo:
        numbers = [e.number for e in self.encounters(case_id)]
        row = models.Encounter(
            id=new_id(),
            case_id=case_id,
            number=max(numbers, default=0) + 1,
            state="open",
            assessed=None,
            started_at=self._tx.now,
            finished_at=None,
        )
        self._tx.session.add(row)
        self._tx.session.flush()
        return self._encounter(row)

    def encounters(self, case_id: str) -> list[EncounterInfo]:
        rows = self._tx.session.scalars(
            select(models.Encounter).where(models.Encounter.case_id == case_id).order_by(models.Encounter.number)
        )
        return [self._encounter(row) for row in rows]

    def encounter(self, encounter_id: str) -> EncounterInfo:
        return self._encounter(self._tx.session.get_one(models.Encounter, encounter_id))

    def has_encounter(self, encounter_id: str) -> bool:
        return self._tx.session.get(models.Encounter, encounter_id) is not None

    def _encounter(self, row: models.Encounter) -> EncounterInfo:
        return EncounterInfo(row.id, row.case_id, row.number, row.state, row.assessed, row.started_at, row.finished_at)

    def set_encounter_state(self, encounter_id: str, state: str) -> None:
        row = self._tx.session.get_one(models.Encounter, encounter_id)
        row.state = state
        if state == "finished":
            row.finished_at = self._tx.now

    def set_assessed(self, encounter_id: str, on: date) -> None:
        self._tx.session.get_one(models.Encounter, encounter_id).assessed = on

    # --- interviews ---

    def informant(self, case_id: str, role: Role, account_id: str | None, words: dict[str, Any]) -> str:
        """A new informant of a case; `words` are what is said of them, sealed."""
        informant_id = new_id()
        self._tx.session.add(
            models.Informant(
                id=informant_id,
                case_id=case_id,
                role=role,
                account_id=account_id,
                sealed_words=self._tx.seal(case_id, words, "informants", informant_id, "words"),
                created_at=self._tx.now,
            )
        )
        self._tx.session.flush()
        return informant_id

    def informant_words(self, case_id: str, informant_id: str) -> dict[str, Any]:
        row = self._tx.session.get_one(models.Informant, informant_id)
        words: dict[str, Any] = self._tx.unseal(case_id, row.sealed_words, "informants", informant_id, "words")
        return words

    def clinician_informant(self, case_id: str, account_id: str) -> str:
        """The case's clinician as an informant: one for the whole case."""
        found = self._tx.session.scalar(
            select(models.Informant.id).where(models.Informant.case_id == case_id, models.Informant.role == "clinician")
        )
        return found or self.informant(case_id, "clinician", account_id, {})

    def add_interview(
        self, encounter: EncounterInfo, informant_id: str, role: Role, *, state: str, version: str, today: date
    ) -> Interview:
        case = self.case(encounter.case_id)
        interview = Interview(
            id=new_id(),
            encounter_id=encounter.id,
            case_id=case.id,
            informant_id=informant_id,
            role=role,
            person=Person(case.label, case.born, today if role != "clinician" else encounter.assessed or today),
            state=state,
            resume_state=None,
            answers=Answers(),
            flags=self._flags.of_case(case.id),
            is_dated=encounter.assessed is not None,
            version=version,
            opened_on=today.isoformat(),
        )
        self._tx.session.add(
            models.Interview(
                id=interview.id,
                encounter_id=encounter.id,
                informant_id=informant_id,
                state=state,
                resume_state=None,
                sealed_snapshot=self._snapshot(interview),
                responses_count=0,
                reminders_sent=0,
                wants_reminders=True,
                instrument_version=version,
                started_at=self._tx.now,
                updated_at=self._tx.now,
                finished_at=None,
            )
        )
        self._tx.session.flush()
        return interview

    def _snapshot(self, interview: Interview) -> bytes:
        data = {**interview.settings_json(), "answers": interview.answers.to_json()}
        return self._tx.seal(interview.case_id, data, "interviews", interview.id, "snapshot")

    def interviews(self, encounter_id: str) -> list[InterviewInfo]:
        rows = self._tx.session.execute(
            select(models.Interview, models.Informant.role)
            .join(models.Informant, models.Informant.id == models.Interview.informant_id)
            .where(models.Interview.encounter_id == encounter_id)
            .order_by(models.Interview.started_at)
        )
        return [_interview_info(i, role) for i, role in rows]

    def clinician_interview(self, encounter_id: str) -> InterviewInfo | None:
        return next((i for i in self.interviews(encounter_id) if i.role == "clinician"), None)

    def interview(self, interview_id: str, today: date) -> Interview:
        """An interview as it stands, opened from its snapshot."""
        row = self._tx.session.get_one(models.Interview, interview_id)
        encounter = self.encounter(row.encounter_id)
        case = self.case(encounter.case_id)
        informant = self._tx.session.get_one(models.Informant, row.informant_id)
        data = self._tx.unseal(case.id, row.sealed_snapshot, "interviews", row.id, "snapshot")
        answers = Answers.from_json(data.pop("answers"))
        return Interview(
            id=row.id,
            encounter_id=encounter.id,
            case_id=case.id,
            informant_id=row.informant_id,
            role=informant.role,  # type: ignore[arg-type]
            person=Person(case.label, case.born, self._age_day(informant.role, encounter, data, today)),
            state=row.state,
            resume_state=row.resume_state,
            answers=answers,
            flags=self._flags.of_case(case.id),
            is_dated=encounter.assessed is not None,
            version=row.instrument_version,
            results=self._results.count(encounter.id),
            others=self._others(encounter.id, case.id) if informant.role == "clinician" else [],
            **data,
        )

    @staticmethod
    def _age_day(role: str, encounter: EncounterInfo, data: dict[str, Any], today: date) -> date:
        """The day whose age counts: the encounter's for its clinician, the day they opened it for everybody else."""
        if role != "clinician" and data.get("opened_on"):
            return date.fromisoformat(data["opened_on"])
        return encounter.assessed or today

    def _others(self, encounter_id: str, case_id: str) -> list[Other]:
        """What the other informants of an encounter have said so far."""
        found = []
        for info in self.interviews(encounter_id):
            if info.role == "clinician" or info.state == "withdrawn":
                continue
            row = self._tx.session.get_one(models.Interview, info.id)
            data = self._tx.unseal(case_id, row.sealed_snapshot, "interviews", row.id, "snapshot")
            words = self.informant_words(case_id, info.informant_id)
            answers = Answers.from_json(data["answers"])
            relation = str(words.get("relation") or answers.value("about.relation") or "")
            named = capital(who(info.role, relation))
            found.append(Other(info.informant_id, info.role, named, info.state == "finished", answers))
        return found

    def informing(self, account_id: str) -> list[InterviewInfo]:
        """Questionnaires of an account that were not refused or erased, the latest opened first."""
        rows = self._tx.session.execute(
            select(models.Interview, models.Informant.role)
            .join(models.Informant, models.Informant.id == models.Interview.informant_id)
            .where(
                models.Informant.account_id == account_id,
                models.Informant.role != "clinician",
                models.Interview.state != "withdrawn",
            )
            .order_by(models.Interview.started_at.desc())
        )
        return [_interview_info(i, role) for i, role in rows]

    def decline(self, interview: Interview) -> None:
        """Somebody would rather not answer: nothing is asked, and nobody is reminded."""
        self._tx.session.get_one(models.Interview, interview.id).wants_reminders = False

    def erase_answers(self, interview: Interview) -> None:
        """Delete what an informant said, save danger answers and the notes on them; the clinician's case goes on."""
        kept = [r for r in self.responses(interview.case_id, interview.id) if r.response.item.startswith("safety.")]
        self._tx.session.execute(
            delete(models.Response).where(
                models.Response.interview_id == interview.id,
                models.Response.number.not_in([r.number for r in kept]),
            )
        )
        self._tx.session.get_one(models.Interview, interview.id).wants_reminders = False
        interview.answers, interview.new_responses, interview.known_steps = Answers(), [], None
        for one in kept:
            interview.answers.take(one.response)

    def stop_reminding(self, interview_id: str) -> None:
        self._tx.session.get_one(models.Interview, interview_id).wants_reminders = False

    def save_interview(self, interview: Interview, today: date) -> None:
        """Append this turn's responses and keep the snapshot that they add up to."""
        row = self._tx.session.get_one(models.Interview, interview.id)
        for offset, response in enumerate(interview.new_responses, start=1):
            number = row.responses_count + offset
            self._tx.session.add(
                models.Response(
                    interview_id=interview.id,
                    number=number,
                    at=self._tx.now,
                    sealed_body=self._tx.seal(
                        interview.case_id, _body(response), "responses", interview.id, str(number)
                    ),
                )
            )
        if interview.new_responses:
            row.responses_count += len(interview.new_responses)
            row.updated_at = self._tx.now
            self.touch(interview.case_id)
            is_answered = any(r.label != PREFILLED for r in interview.new_responses)
            if interview.role == "clinician" and not interview.is_dated and is_answered:
                self.set_assessed(interview.encounter_id, today)
                interview.is_dated = True
        interview.new_responses = []
        if interview.state == "finished" and row.state != "finished":
            row.finished_at = self._tx.now
        row.state, row.resume_state = interview.state, interview.resume_state
        row.sealed_snapshot = self._snapshot(interview)

    def responses(self, case_id: str, interview_id: str) -> Iterator[StoredResponse]:
        """Every response of an interview, in the order given."""
        rows = self._tx.session.scalars(
            select(models.Response).where(models.Response.interview_id == interview_id).order_by(models.Response.number)
        )
        for row in rows:
            body = self._tx.unseal(case_id, row.sealed_body, "responses", interview_id, str(row.number))
            yield StoredResponse(row.number, row.at, Response(**body))


def _interview_info(row: models.Interview, role: str) -> InterviewInfo:
    return InterviewInfo(
        id=row.id,
        encounter_id=row.encounter_id,
        informant_id=row.informant_id,
        role=role,  # type: ignore[arg-type]
        state=row.state,
        started_at=row.started_at,
        updated_at=row.updated_at,
        finished_at=row.finished_at,
    )


def _body(response: Response) -> dict[str, Any]:
    return {
        "item": response.item,
        "kind": response.kind,
        "value": response.value,
        "label": response.label,
        "text": response.text,
        "is_bulk": response.is_bulk,
        "note": response.note,
    }
