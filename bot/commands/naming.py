"""Cases and clinicians as people name them on the command line: by label or id, by display name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bot.app import App, build
from bot.cli import UsageError
from bot.settings import Settings
from flows.desk import Desk
from flows.storage.casebook import CaseInfo
from flows.storage.people import ClinicianInfo


@contextmanager
def opened(settings: Settings) -> Iterator[App]:
    """The program's parts, closed again afterwards."""
    app = build(settings)
    try:
        yield app
    finally:
        app.close()


@contextmanager
def at_desk(settings: Settings) -> Iterator[Desk]:
    """One transaction of the store, for a command that reads or changes it."""
    with opened(settings) as app, app.store.transaction() as tx:
        yield app.engine.desk(tx)


def the_case(desk: Desk, name: str) -> CaseInfo:
    """The one case under a label or an id.

    Raises
    ------
    UsageError
        When there is none, or two clinicians use the label: then the ids are named.
    """
    found = desk.cases.find_cases(name, [c.id for c in desk.people.clinicians()])
    if not found:
        raise UsageError(f"{name}: there is no such case; `stemwise cases` lists them")
    if len(found) > 1:
        ids = ", ".join(case.id for case in found)
        raise UsageError(f"{name}: several clinicians use that label; name the case by its id: {ids}")
    return found[0]


def the_clinician(desk: Desk, name: str) -> ClinicianInfo:
    found = desk.people.clinician_named(name)
    if found is None:
        raise UsageError(f"{name}: there is no such clinician; `stemwise clinician list` names them")
    return found
