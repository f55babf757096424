"""What a turn may do with cases: the operations that touch several tables at once, inside the turn's transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flows.answers import PREFILLED, Answers, Response
from flows.cases import case_json
from flows.conversation import Interview, Talk, Turn
from flows.help_lines import duty_to_report, help_lines
from flows.itinerary import Person, Role
from flows.labels import change_item, item_text, who
from flows.storage.casebook import Casebook, CaseInfo, EncounterInfo
from flows.storage.flags import FlagInfo, Flags
from flows.storage.installation import Installation
from flows.storage.invitations import InvitationInfo, Invitations
from flows.storage.mail import Mail
from flows.storage.people import People
from flows.storage.plans import Plans
from flows.storage.results import Results
from flows.storage.store import Tx
from flows.storage.talks import Talks
from flows.views import News, NewsKind
from flows.wording import language_of, translator
from scoring.instrument import Instrument
from scoring.result import Kept

if TYPE_CHECKING:
    from flows.engine import Settings


ALERT = "A case needs you now."
BACK = "{label}: the questionnaire is back."


class Desk:
    """All of the store that one transaction needs, by concept, and what joins the concepts."""

    def __init__(self, tx: Tx, instrument: Instrument, settings: Settings) -> None:
        self.tx = tx
        self.instrument = instrument
        self.settings = settings
        self.people = People(tx)
        self.flags = Flags(tx)
        self.results = Results(tx)
        self.cases = Casebook(tx, self.flags, self.results)
        self.plans = Plans(tx)
        self.talks = Talks(tx, self.cases)
        self.mail = Mail(tx)
        #: Cases that this transaction erases; their files go only once it is committed.
        self.erased: list[str] = []
        self.installation = Installation(tx)
        self.invitations = Invitations(tx)

    # --- safety ---

    def raise_flag(self, turn: Turn, question: str, *, is_confirmed: bool) -> None:
        """Latch a danger answer, in the transaction of the answer; a second yes of the same informant adds nothing."""
        interview = turn.interview
        standing = [f for f in interview.flags if f.question == question and f.informant_id == interview.informant_id]
        if any(f.state in ("open", "unconfirmed") for f in standing):
            return
        flag = self.flags.raise_flag(
            case_id=interview.case_id,
            encounter_id=interview.encounter_id,
            interview_id=interview.id,
            informant_id=interview.informant_id,
            question=question,
            words=item_text(f"safety.{question}", interview, turn.instrument),
            is_confirmed=is_confirmed,
        )
        interview.flags.append(flag)
        self.tx.audit(turn.talk.account.id, "flag.raised", interview.case_id)

    def latch_unconfirmed(self, turn: Turn) -> None:
        """Danger answers of this informant that were left standing are meant: latched, and the clinician is told."""
        interview = turn.interview
        mine = [f for f in interview.flags if f.informant_id == interview.informant_id and f.state == "unconfirmed"]
        for flag in mine:
            self.flags.confirm(flag.id)
            place = interview.flags.index(flag)
            interview.flags[place] = replace(flag, state="open")
            self.tx.audit(turn.talk.account.id, "flag.latched", interview.case_id)
        if mine:
            self.mail.add(self.alerts(interview.case_id))

    def who_raised(self, flag: FlagInfo) -> str:
        """Who said it, as the clinician called them."""
        return who(flag.role, str(self.cases.informant_words(flag.case_id, flag.informant_id).get("relation") or ""))

    def alerts(self, case_id: str) -> list[News]:
        """One alert for each of the clinician's accounts; it names neither person nor subject."""
        return self._to_clinician(case_id, ALERT, "alert", is_silent=False)

    def _to_clinician(self, case_id: str, text: str, kind: NewsKind, *, is_silent: bool) -> list[News]:
        body = {"text": text, "buttons": [{"words": "Open", "action": "open", "arg": case_id}]}
        accounts = self.people.accounts_of(self.cases.case(case_id).clinician_id)
        return [News(a.id, kind, body, case_id, is_protected=True, is_silent=is_silent) for a in accounts]

    def tell_questionnaire_is_back(self, turn: Turn) -> None:
        label = turn.interview.person.label
        back = self._to_clinician(turn.interview.case_id, BACK.format(label=label), "notice", is_silent=True)
        self.mail.add(back)
        self.tx.audit(turn.talk.account.id, "questionnaire.sent", turn.interview.case_id)

    def help_lines(self, turn: Turn) -> tuple[str, ...]:
        """What to do at once, for the operator's country, in the informant's language."""
        return help_lines(self.settings.country, language_of(turn.talk.account.locale), turn.today)

    def duty_to_report(self, turn: Turn) -> str:
        """What the operator's file recalls of the local duty to report."""
        return duty_to_report(self.settings.country)

    def answer_to_note(self, turn: Turn) -> str:
        """A note is answered: kept, nobody reads it now; the first time with what to do at once."""
        t = translator(turn.talk.account.locale)
        words = t("Kept. Nobody is reading this now.")
        if not turn.interview.lines_shown:
            turn.interview.lines_shown = True
            words = " ".join((words, *self.help_lines(turn)))
        return words

    # --- invitations ---

    def invite(self, case_id: str, role: Role, words: dict[str, Any]) -> tuple[str, InvitationInfo]:
        """A new invitation into the open encounter of a case, which is begun where there is none."""
        encounter = self.open_encounter(case_id) or self.cases.add_encounter(case_id)
        return self.invitations.make(
            case_id=case_id, encounter_id=encounter.id, role=role, words=words, days=self.settings.invite_days
        )

    def opened_before(self, account_id: str, token: str) -> str | None:
        """The questionnaire that this very account opened by a token; nothing for everybody else."""
        own = {info.informant_id: info.id for info in self.cases.informing(account_id)}
        return own.get(self.invitations.informant_of(token) or "")

    def accept(self, turn: Turn, invitation: InvitationInfo) -> None:
        """Bind an invitation to the account that opened it; its questionnaire becomes the current one."""
        account = turn.talk.account
        informant = self.cases.informant(invitation.case_id, invitation.role, account.id, invitation.words)
        self.invitations.use(invitation.id, informant)
        turn.talk.interview = self.cases.add_interview(
            self.cases.encounter(invitation.encounter_id),
            informant,
            invitation.role,
            state="consent",
            version=self.instrument.version,
            today=turn.today,
        )
        turn.talk.interview.at = "consent"
        turn.talk.interview.locale = account.locale
        self.tx.audit(account.id, "invitation.opened", invitation.case_id)

    def withdraw_flag(self, turn: Turn, question: str) -> None:
        """The informant's own flag, tapped by mistake; nobody's tap takes back what another raised.

        What somebody else than the clinician said can be taken back as a slip only; once it is latched, the clinician
        has been told, and a clinician alone clears it: the next to hold a shared phone must not undo it.
        """
        interview = turn.interview
        standing = ("open", "unconfirmed") if interview.role == "clinician" else ("unconfirmed",)
        for place, flag in enumerate(interview.flags):
            own = flag.informant_id == interview.informant_id and flag.question == question
            if own and flag.state in standing and self._is_raised_in(interview, flag.id):
                self.flags.withdraw(flag.id, turn.talk.account.id)
                interview.flags[place] = replace(flag, state="withdrawn")
                self.tx.audit(turn.talk.account.id, "flag.tapped_by_mistake", interview.case_id)

    def _is_raised_in(self, interview: Interview, flag_id: str) -> bool:
        """Whether a flag was raised in this very interview; one of an earlier encounter is cleared with a reason only."""
        info = self.flags.info(flag_id)
        return info is not None and info.interview_id == interview.id

    # --- encounters and interviews ---

    def case_json_of(self, encounter: EncounterInfo, interview: Interview | None = None) -> dict[str, Any]:
        """The case that an encounter makes, as things stand: the clinician's answers, and flags whoever raised them."""
        case = self.cases.case(encounter.case_id)
        if interview is None and (info := self.cases.clinician_interview(encounter.id)):
            interview = self.cases.interview(info.id, self.settings.today(self.tx.now))
        flags = self.flags.of_case(case.id)
        opened = {f.question for f in flags if f.state in ("open", "unconfirmed")}
        return case_json(
            label=case.label,
            born=case.born,
            assessed=encounter.assessed or self.settings.today(self.tx.now),
            answers=interview.answers if interview else Answers(),
            open_flags=opened,
            cleared_flags={f.question for f in flags if f.state == "cleared"} - opened,
            no_contact=bool(interview and interview.answers.value("no_contact")),
            instrument=self.instrument,
            version=interview.version if interview else None,
        )

    def begin_encounter(self, turn: Turn, case_id: str) -> None:
        """A new encounter with the clinician's interview, which becomes the current one."""
        opened = self.open_encounter(case_id)  # an invitation may have begun it
        encounter = opened or self.cases.add_encounter(case_id)
        self.tx.audit(turn.talk.account.id, "encounter.begun", case_id)
        interview = self.cases.add_interview(
            encounter,
            self.cases.clinician_informant(case_id, turn.talk.account.id),
            "clinician",
            state="history",
            version=self.instrument.version,
            today=turn.today,
        )
        interview.at = "facts"
        self._prefill(turn, interview, case_id)
        turn.talk.interview = interview

    def _prefill(self, turn: Turn, interview: Interview, case_id: str) -> None:
        """Languages, and the periods that had ended by the encounter before, are not asked again from nothing."""
        earlier = [e for e in self.cases.encounters(case_id) if e.state == "finished" and e.assessed]
        if not earlier or not (info := self.cases.clinician_interview(earlier[-1].id)):
            return
        before = self.cases.interview(info.id, turn.today)
        person = Person(before.person.label, before.person.born, earlier[-1].assessed or turn.today)
        ended = {
            p.id
            for p in self.instrument.figures.periods
            if p.to_months is not None and p.to_months <= person.age_months
        }
        for item, answer in before.answers.of.items():
            is_ended = item.startswith("history.") and item.split(".")[1] in ended
            if is_ended or item == "facts.languages":
                interview.respond(
                    Response(
                        item,
                        answer.kind,
                        answer.value,
                        PREFILLED,
                        item_text(item, interview, self.instrument),
                        is_bulk=True,
                    )
                )

    def open_interview(self, turn: Turn, interview_id: str) -> None:
        """Make an interview the current one; one that was paused goes on where it was."""
        turn.talk.interview = self.cases.interview(interview_id, turn.today)
        turn.talk.interview.locale = turn.talk.account.locale
        turn.then = "resume"
        turn.talk.home.draft["case"] = turn.interview.case_id
        self.tx.audit(turn.talk.account.id, "interview.opened", turn.interview.case_id)

    def leave_interview(self, turn: Turn) -> None:
        """Go home from an interview; it is kept as it stands."""
        if interview := turn.talk.interview:
            self.cases.save_interview(interview, turn.today)
            turn.talk.interview = None

    def finish_encounter(self, turn: Turn) -> None:
        """Keep the result as it is now, mark the encounter finished, and send what was found to the clinician."""
        interview = turn.interview
        self.cases.save_interview(interview, turn.today)
        encounter = self.cases.encounter(interview.encounter_id)
        if encounter.state == "entered_in_error":  # from another phone, while an answer was being changed
            turn.say("This assessment was marked as entered in error. It is kept, and counts nowhere.")
            return
        content = self.case_json_of(encounter, interview)
        number = self.results.add(
            interview.case_id, encounter.id, content, self.instrument.version, self.instrument.sha256
        )
        self.cases.set_encounter_state(encounter.id, "finished")
        interview.results = number
        self.tx.audit(turn.talk.account.id, "encounter.finished", interview.case_id)
        self.send_results(turn, interview.case_id, encounter.id, number)

    def send_results(
        self,
        turn: Turn,
        case_id: str,
        encounter_id: str,
        number: int,
        kinds: tuple[NewsKind, ...] = ("map", "summary"),
    ) -> None:
        """Queue map and summary for the clinician who asks; each names the result it is made from."""
        what = self.named_result(case_id, encounter_id, number)
        for kind in kinds:
            turn.news.append(News(turn.talk.account.id, kind, what, case_id, is_protected=True))
        self.tx.audit(turn.talk.account.id, "results.sent", case_id)

    def erase(self, case_id: str, by: str) -> None:
        """Destroy a case: its key, its rows, what was written for it; and take back what is in chats, as far as Telegram lets.

        What was deleted is flushed out of the database's files after the commit.
        """
        sent: dict[str, list[str]] = {}
        for account_id, message, _, _ in self.mail.sent_of_case(case_id):
            sent.setdefault(account_id, []).append(message)
        self.cases.erase_case(case_id)
        self.mail.add(News(account_id, "take_away", {"messages": messages}) for account_id, messages in sent.items())
        self.tx.audit(by, "case.erased", case_id)
        self.erased.append(case_id)

    def named_result(self, case_id: str, encounter_id: str, number: int) -> dict[str, Any]:
        """What a message names a result by: never "the latest", and with as many edits of its plan as there are by now."""
        edits = len(self.plans.of_result(case_id, encounter_id, number))
        return {"encounter": encounter_id, "number": number, "edits": edits}

    def kept(self, encounter_id: str, number: int, edits: int | None = None) -> Kept:
        """What a result is made from again, with the first `edits` of its plan's edits, or all of them."""
        case_id = self.cases.encounter(encounter_id).case_id
        log = self.plans.of_result(case_id, encounter_id, number)
        before = self.results.content(case_id, encounter_id, number - 1) if number > 1 else None
        why = self._why_changed(encounter_id, number) if number > 1 else None
        return Kept(self.results.content(case_id, encounter_id, number), tuple(log[:edits]), before, why)

    def _why_changed(self, encounter_id: str, number: int) -> str | None:
        info = self.cases.clinician_interview(encounter_id)
        if info is None:
            return None
        interview = self.cases.interview(info.id, self.settings.today(self.tx.now))
        return " ".join(interview.answers.notes.get(change_item(number), [])) or None

    # --- what screens read ---

    def latest_result(self, case_id: str) -> tuple[EncounterInfo, int] | None:
        """The newest finished encounter of a case that was not entered in error, and its newest result's number."""
        finished = [e for e in self.cases.encounters(case_id) if e.state == "finished"]
        for encounter in reversed(finished):
            if number := self.results.count(encounter.id):
                return encounter, number
        return None

    def result_before(self, encounter_id: str) -> tuple[EncounterInfo, int] | None:
        """The newest result of the encounter before this one, for a comparison."""
        if not self.cases.has_encounter(encounter_id):
            return None
        this = self.cases.encounter(encounter_id)
        earlier = [e for e in self.cases.encounters(this.case_id) if e.number < this.number and e.state == "finished"]
        for encounter in reversed(earlier):
            if number := self.results.count(encounter.id):
                return encounter, number
        return None

    def open_encounter(self, case_id: str) -> EncounterInfo | None:
        return next((e for e in reversed(self.cases.encounters(case_id)) if e.state == "open"), None)

    def open_flags(self, case_id: str) -> list[FlagInfo]:
        return [f for f in self.flags.infos(case_id) if f.state in ("open", "unconfirmed")]

    def sent_in_last_day(self, clinician_id: str) -> list[tuple[str, str | None, datetime]]:
        """Kind, case and time of what went out to a clinician's accounts in the last day, newest first."""
        accounts = [a.id for a in self.people.accounts_of(clinician_id)]
        return self.mail.sent_since(accounts, self.tx.now - timedelta(days=1))

    def undelivered_of(self, clinician_id: str) -> int:
        return self.mail.undelivered([a.id for a in self.people.accounts_of(clinician_id)])

    def owns(self, talk: Talk, case_id: str) -> bool:
        """Whether the account's clinician is the case's clinician."""
        return (
            talk.account.clinician_id is not None
            and self.cases.has_case(case_id)
            and self.cases.case(case_id).clinician_id == talk.account.clinician_id
        )

    def case_state(self, case: CaseInfo) -> str:
        """A case's state in a word, for lists."""
        if case.on_hold:
            return "on hold"
        encounters = [e for e in self.cases.encounters(case.id) if e.state != "entered_in_error"]
        if not encounters:
            return "not started"
        return {"open": "in progress", "finished": "finished"}[encounters[-1].state]


def on_day(value: date) -> str:
    """A date as people read it."""
    return f"{value.day} {value:%b %Y}"
