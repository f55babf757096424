"""What a clinician does to ask others: whom, who they are, who must not learn of it; and taking a link back."""

from __future__ import annotations

from flows.conversation import Turn
from flows.home_moves import case_id, knows_case
from flows.interview_moves import clean, is_cut
from flows.views import News
from scoring.case import completed_months

SELF_FROM_MONTHS = 144
RELATION_MAX = 60
#: Of who must not learn of the visit. Nobody is cut off the end of it: a longer one is sent back.
HIDDEN_FROM_MAX = 500
ROLES = {"carer": "A carer", "school": "School", "self": "The person"}


def begin_invitation(turn: Turn) -> None:
    turn.talk.home.draft = {"case": case_id(turn)}


def may_invite(turn: Turn) -> bool:
    """A case can be answered for while it is not finished; the person themself from twelve years."""
    if not knows_case(turn) or turn.arg not in ROLES:
        return False
    case = turn.desk.cases.case(case_id(turn))
    return turn.arg != "self" or completed_months(case.born, turn.today) >= SELF_FROM_MONTHS


def choose_role(turn: Turn) -> None:
    turn.talk.home.draft["invite"] = {"role": turn.arg}


def has_words(turn: Turn) -> bool:
    return bool(clean(turn.text, RELATION_MAX))


def is_long_relation(turn: Turn) -> bool:
    return is_cut(turn.text, RELATION_MAX)


def refuse_relation(turn: Turn) -> None:
    _send_back(turn, RELATION_MAX)


def is_long_list(turn: Turn) -> bool:
    return is_cut(turn.text, HIDDEN_FROM_MAX)


def refuse_list(turn: Turn) -> None:
    _send_back(turn, HIDDEN_FROM_MAX)


def _send_back(turn: Turn, most: int) -> None:
    turn.say(f"At most {most} letters, please. Nothing was kept of it.")


def keep_relation(turn: Turn) -> None:
    turn.talk.home.draft["invite"]["relation"] = clean(turn.text, RELATION_MAX)


def skip_relation(turn: Turn) -> None:
    turn.talk.home.draft["invite"]["relation"] = ""


def says_yes_or_no(turn: Turn) -> bool:
    return turn.arg in ("yes", "no", "not_known")


def keep_responsible(turn: Turn) -> None:
    turn.talk.home.draft["invite"]["responsible"] = turn.arg


def make_invitation(turn: Turn) -> None:
    """The invitation with what was said of it; link, picture and a text to forward come as messages."""
    words = dict(turn.talk.home.draft["invite"])
    words["must_not_learn"] = clean(turn.text, HIDDEN_FROM_MAX)
    role = words.pop("role")
    token, info = turn.desk.invite(case_id(turn), role, words)
    turn.talk.home.draft = {"case": case_id(turn)}
    turn.news.append(
        News(turn.talk.account.id, "invitation", {"token": token, "invitation": info.id}, info.case_id, is_silent=True)
    )
    turn.desk.tx.audit(turn.talk.account.id, "invitation.made", info.case_id)


def may_withdraw(turn: Turn) -> bool:
    info = turn.desk.invitations.info(turn.arg)
    return info is not None and info.state == "open" and turn.desk.owns(turn.talk, info.case_id)


def withdraw_invitation(turn: Turn) -> None:
    turn.desk.invitations.end(turn.arg, "withdrawn")
    turn.desk.tx.audit(turn.talk.account.id, "invitation.withdrawn", case_id(turn))
    turn.say("Withdrawn: the link no longer opens anything.")
