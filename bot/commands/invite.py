"""`stemwise invite CASE`: a single-use link for a carer, a school or the person; open ones listed and withdrawn."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bot.cli import UsageError
from bot.commands.naming import at_desk, the_case
from bot.invitation import forward_text, invitation_link, qr_png
from bot.outputs import write_private
from bot.settings import Settings
from flows.desk import Desk
from flows.interview_moves import is_cut
from flows.inviting_moves import HIDDEN_FROM_MAX, RELATION_MAX, ROLES, SELF_FROM_MONTHS
from scoring.case import completed_months


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("invite", help="invite a carer, a school or the person; list, withdraw")
    parser.add_argument("case", nargs="?", metavar="CASE")
    parser.add_argument("--who", choices=tuple(ROLES), default="carer")
    parser.add_argument("--relation", default="", metavar="TEXT")
    parser.add_argument("--responsible", choices=("yes", "no"), help="whether they hold parental responsibility")
    parser.add_argument("--must-not-learn", default="", metavar="TEXT", help="who must not learn of it")
    parser.add_argument("--qr", type=Path, metavar="PATH", help="write the link as a picture too")
    parser.add_argument("--list", action="store_true", help="the invitations of the case, or of all cases")
    parser.add_argument("--withdraw", metavar="ID")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> None:
    with at_desk(settings) as desk:
        if options.withdraw:
            _withdraw(desk, options.withdraw)
        elif options.list:
            _list(desk, options.case)
        elif options.case is None:
            raise UsageError("name the case: stemwise invite CASE")
        else:
            _invite(desk, options)


def _invite(desk: Desk, options: argparse.Namespace) -> None:
    case = the_case(desk, options.case)
    if options.who == "self" and completed_months(case.born, desk.settings.today(desk.tx.now)) < SELF_FROM_MONTHS:
        raise UsageError("the person answers for themself from twelve years")
    for option, said, most in (
        ("--relation", options.relation, RELATION_MAX),
        ("--must-not-learn", options.must_not_learn, HIDDEN_FROM_MAX),
    ):
        if is_cut(said, most):
            raise UsageError(f"{option} takes at most {most} letters, and none of them is cut off")
    words = {
        "relation": options.relation,
        "responsible": options.responsible or "not_known",
        "must_not_learn": options.must_not_learn,
    }
    token, info = desk.invite(case.id, options.who, words)
    desk.tx.audit("operator", "invitation.made", case.id)
    name = desk.installation.get("bot_username")
    if options.qr:
        write_private(options.qr, qr_png(invitation_link(name or "", token)))
    print(forward_text(name, token, "en"))
    print(f"Invitation {info.id}, until {info.expires_at:%Y-%m-%d}.")


def _list(desk: Desk, name: str | None) -> None:
    named = the_case(desk, name) if name else None
    desk.tx.audit("operator", "invitations.listed", named.id if named else None)
    cases = [named] if named else desk.cases.cases_of(None)
    for case in cases:
        for info in desk.invitations.of_case(case.id):
            relation = f" ({info.words['relation']})" if info.words.get("relation") else ""
            print(f"{info.id} · {case.label} · {info.role}{relation} · {info.state} · until {info.expires_at:%Y-%m-%d}")


def _withdraw(desk: Desk, invitation_id: str) -> None:
    info = desk.invitations.info(invitation_id)
    if info is None or info.state != "open":
        raise UsageError(f"{invitation_id}: there is no open invitation of that id; stemwise invite --list names them")
    desk.invitations.end(invitation_id, "withdrawn")
    desk.tx.audit("operator", "invitation.withdrawn", info.case_id)
    print(f"Invitation {invitation_id} is withdrawn.")
