"""Before something leaves the clinic it is said who holds responsibility and who must not learn of it, after an import too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.informants import invited, opened
from support.walker import Clinic, Walker

from flows.exchange.restore import restore
from flows.handing import NOTHING_RECORDED, ON_THE_WAY, before_it_leaves
from scoring.documents.blocks import Bullets, Paragraph


def said(clinic: Clinic) -> list[str]:
    """What stands there before the case of Robin leaves."""
    case_id = clinic.case_id("Robin")
    with clinic.desk() as desk:
        recorded, on_the_way = before_it_leaves(desk, case_id)
    assert on_the_way == Paragraph(ON_THE_WAY, "small")
    return list(recorded.items) if isinstance(recorded, Bullets) else [recorded.text]  # type: ignore[union-attr]


def brought_over(source: Clinic, target: Clinic) -> None:
    """Robin's case, exported there and imported here, where the clinician of the terminal has it."""
    record = source.record("Robin")
    with target.desk() as desk:
        local = desk.people.local_clinician().clinician_id
        assert local is not None
        restore(desk, record, local, "robin.json")


@pytest.fixture
def asked(clinic: Clinic, walker: Walker) -> Clinic:
    """A case on which an aunt and a school have opened their links, the school twice, and a father has not yet."""
    walker.new_case("Robin")
    aunt = {"relation": "aunt", "responsible": "no", "must_not_learn": "the uncle"}
    opened(clinic, invited(clinic, "Robin", **aunt), "301")
    for address in ("302", "303"):
        opened(clinic, invited(clinic, "Robin", "school", responsible="no", must_not_learn="the uncle"), address)
    invited(clinic, "Robin", relation="father", responsible="yes")
    return clinic


AUNT = ["aunt: does not hold parental responsibility", "Must not learn of it: the uncle"]
SCHOOL = "School: does not hold parental responsibility"


def test_each_line_stands_once_though_informants_carry_the_words_of_their_invitations(asked: Clinic) -> None:
    assert said(asked) == [*AUNT, SCHOOL, "father: holds parental responsibility"]


def test_an_imported_case_says_what_was_said_of_those_who_have_answered(
    asked: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    other = make_clinic()
    brought_over(asked, other)
    assert sorted(said(other)) == sorted([*AUNT, SCHOOL])
    invited(other, "Robin", relation="mother", responsible="yes")
    assert sorted(said(other)) == sorted([*AUNT, SCHOOL, "mother: holds parental responsibility"])


def test_the_clinician_alone_leaves_nothing_recorded(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    walker.tap("All checked")
    assert said(clinic) == [NOTHING_RECORDED]
