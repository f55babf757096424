"""Whose every kept row is: which case it belongs to and who told it, so that a change can be held against who made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flows.storage.keys import INSTALLATION
from tests.proofs import access_rules as rules
from tests.proofs.access_world import ACCOUNTS, Copy, Row, Rows, World

if TYPE_CHECKING:
    from tests.proofs.access_matrix import Cell


@dataclass(frozen=True, slots=True)
class Belongs:
    """What a row belongs to; `None` where it belongs to no case, or to nobody in particular."""

    case: object = None
    account: object = None


@dataclass(slots=True)
class Reading:
    """All that is kept at a moment, and how to read whose it is."""

    rows: Rows
    encounters: Mapping[object, object]
    informants: Mapping[object, tuple[object, object]]
    interviews: Mapping[object, Belongs]
    clinicians: Mapping[object, object]
    accounts: Mapping[str, object] = field(default_factory=dict)
    owners: Mapping[object, object] = field(default_factory=dict)

    def belongs(self, row: Row) -> Belongs:
        """Case and account of a row."""
        table, *values = row
        match table:
            case "cases":
                return Belongs(values[0])
            case "encounters":
                return Belongs(values[1])
            case "informants":
                return Belongs(values[1], values[3])
            case "interviews" | "responses":
                return self.interviews.get(values[0], Belongs())
            case "flags":
                return Belongs(values[1], self.informants.get(values[2], (None, None))[1])
            case "results":
                return Belongs(self.encounters.get(values[0]))
            case "invitations":
                return Belongs(values[1], self.informants.get(values[3], (None, None))[1])
            case "keys":
                return Belongs(None if values[0] == INSTALLATION else values[0])
            case "outbox":
                return Belongs(values[2], values[1])
            case "audit":
                return Belongs(values[3], values[1])
        return Belongs()

    def may_change(self, cell: Cell, row: Row, after: Reading) -> bool:
        """Whether a row that came, went or changed is in reach of who acted."""
        mine, now = self.belongs(row), after.belongs(row)
        case, account = mine.case or now.case, mine.account or now.account
        me = after.accounts.get(str(ACCOUNTS[cell.actor]))
        roles = rules.roles_of(cell.actor, cell.state)
        clinician = self.clinicians.get(case) or after.clinicians.get(case)
        is_mine = case is not None and clinician is not None and clinician == after.owners.get(me)
        if row[0] == "audit":
            return account == me and (case is None or is_mine or rules.INFORMANT in roles)
        if row[0] == "outbox":
            return account == me or is_mine or after.owners.get(account) == clinician
        if rules.CLINICIAN in roles and is_mine:
            return True
        return rules.INFORMANT in roles and account == me and row[0] not in ("cases", "keys", "results")


class Ledger:
    """Reads what is kept in a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def read(self) -> Reading:
        rows = self._world.kept()
        of = {table: [row[1:] for row in rows if row[0] == table] for table in {row[0] for row in rows}}
        encounters = {e[0]: e[1] for e in of.get("encounters", [])}
        informants = {i[0]: (i[1], i[3]) for i in of.get("informants", [])}
        with self._world._raw() as raw:
            accounts = raw.execute(
                "SELECT address, id, clinician_id FROM accounts WHERE channel = 'telegram'"
            ).fetchall()
        return Reading(
            rows=rows,
            encounters=encounters,
            informants=informants,
            interviews={
                i[0]: Belongs(encounters.get(i[1]), informants.get(i[2], (None, None))[1])
                for i in of.get("interviews", [])
            },
            clinicians={c[0]: c[1] for c in of.get("cases", [])},
            accounts={address: account for address, account, _ in accounts},
            owners={account: clinician for _, account, clinician in accounts if clinician},
        )

    def _first(self, table: str, place: int, value: object) -> str:
        rows = sorted(map(str, (r[1] for r in self._world.kept() if r[0] == table and r[place] == value)))
        return rows[0] if rows else ""

    def ids(self, copy: Copy) -> list[str]:
        """Ids that are in the database, for somebody who has seen them somewhere."""
        self._world.put_back(copy)
        kinds = ("cases", "encounters", "interviews", "flags", "invitations", "informants")
        return sorted(str(row[1]) for row in self._world.kept() if row[0] in kinds)

    def fitting(self, copy: Copy) -> dict[str, str]:
        """By action: the value that would do the most harm if it were let through."""
        self._world.put_back(copy)
        reading = self.read()
        robin = self._world.case_id
        theirs = sorted(str(i) for i, b in reading.interviews.items() if b.case == robin)
        return {
            **dict.fromkeys(("open", "case_flags", "erase", "yes_erase", "results", "hold", "go_on", "start"), robin),
            **dict.fromkeys(("go_on_with", "erase_one", "yes_erase_mine"), theirs[0] if theirs else ""),
            "clear": self._first("flags", 4, "open"),
            "withdraw_invitation": self._first("invitations", 3, "open"),
            "invited": self._world.links["carer_sent"],
            "set": "0:1",
            "rate": "7",
            "say": "yes",
            "choose": "parent",
            "compare": "harder",
            "hand": "export",
            "role": "carer",
            "responsible": "yes",
            "contact": "yes",
            "edit": "0",
            "section": "history",
            "page": "0",
            "set_language": "es",
        }
