"""Answers of different versions of the instrument are compared only where the same was asked, and the rest is said."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from scoring.case import read_case
from scoring.compare import Comparison, Versions, compare, compare_json
from scoring.documents.comparison import comparison, version_lines
from scoring.figures import comparison_alt
from scoring.instrument import Instrument, load
from scoring.result import Result, assess
from tests.scoring.documents.made import words_of

VECTORS = Path(__file__).parents[1] / "vectors"
FIGURES = load().figures
EVERY = tuple(f.id for f in FIGURES.functions)
#: Counts in one domain only, and in all four.
IN_ONE = next(f for f in FIGURES.functions if sum(w > 0 for w in f.weights.values()) == 1)
IN_SOME = next(f for f in FIGURES.functions if 1 < sum(w > 0 for w in f.weights.values()) < len(FIGURES.domains))


@cache
def instrument(**earlier: tuple[str, ...]) -> Instrument:
    """The instrument with earlier versions of its own; `v0_2_0` stands for 0.2.0."""
    versions = {name[1:].replace("_", "."): changed for name, changed in earlier.items()}
    return load().model_copy(update={"figures": FIGURES.model_copy(update={"earlier_versions": versions})})


def taken(number: str, version: str | None, using: Instrument) -> Result:
    """An example as if its answers had been taken with that version."""
    path = next(VECTORS.glob(f"{number}-*.case.json"))
    return assess(replace(read_case(path.read_bytes(), using), taken_with_version=version), using)


def compared(before: str | None, after: str | None, using: Instrument) -> Comparison:
    return compare(taken("08", before, using), taken("09", after, using))


def moved(found: Comparison) -> tuple[object, object]:
    return found.functions, found.domains


ALL_COMPARED = moved(compared(None, None, load()))


def said(found: Comparison) -> str:
    return "\n".join(version_lines(found))


@pytest.mark.parametrize("before", [None, FIGURES.version])
@pytest.mark.parametrize("after", [None, FIGURES.version])
def test_the_installed_version_or_none_is_compared_in_everything(before: str | None, after: str | None) -> None:
    found = compared(before, after, instrument(v0_2_0=EVERY))
    assert moved(found) == ALL_COMPARED
    assert said(found) == ""
    assert "not asked alike" not in comparison_alt(found)
    assert not found.versions.differ


@pytest.mark.parametrize(("before", "after"), [("0.2.0", None), (None, "0.2.0"), ("0.2.0", "0.2.0")])
@pytest.mark.parametrize("function", [IN_ONE, IN_SOME], ids=lambda f: f.id)
def test_a_changed_function_and_the_domains_it_counts_in_are_left_out_and_nothing_else(
    before: str | None, after: str | None, function
) -> None:
    found = compared(before, after, instrument(v0_2_0=(function.id,)))
    domains = tuple(d for d in FIGURES.domains if function.weights[d] > 0)
    assert found.versions.functions == (function.id,)
    assert found.versions.domains == domains
    for change, whole in zip(found.functions, ALL_COMPARED[0], strict=True):
        assert change == (replace(whole, change=None, moved="unknown") if change.id == function.id else whole)
    for change, whole in zip(found.domains, ALL_COMPARED[1], strict=True):
        assert change == (replace(whole, change=None, moved="unknown") if change.id in domains else whole)
    assert comparison_alt(found).count(", not asked alike.") == 1
    names = load().words
    assert names.functions[function.id].name in said(found)
    assert [names.domains[d].name in said(found) for d in FIGURES.domains] == [d in domains for d in FIGURES.domains]


def test_a_listed_version_of_which_nothing_changed_is_compared_in_everything_and_said() -> None:
    found = compared("0.2.0", None, instrument(v0_2_0=()))
    assert moved(found) == ALL_COMPARED
    assert "The answers before were taken with version 0.2.0, not with the installed" in said(found)
    assert "everything is compared" in said(found)


def test_what_changed_since_either_version_is_left_out() -> None:
    using = instrument(v0_1_0=(IN_ONE.id, IN_SOME.id), v0_2_0=(IN_SOME.id,))
    assert set(compared("0.1.0", "0.2.0", using).versions.functions) == {IN_ONE.id, IN_SOME.id}
    assert set(compared("0.2.0", None, using).versions.functions) == {IN_SOME.id}


@pytest.mark.parametrize(
    ("before", "after"), [("9.9.9", None), (None, "9.9.9"), ("9.9.9", "9.9.9"), ("0.2.0", "9.9.9"), ("", None)]
)
def test_a_version_that_the_list_does_not_know_is_compared_in_nothing_and_a_sentence_says_so(
    before: str | None, after: str | None
) -> None:
    found = compared(before, after, instrument(v0_2_0=()))
    assert {c.moved for c in (*found.functions, *found.domains)} == {"unknown"}
    assert {c.change for c in (*found.functions, *found.domains)} == {None}
    assert [(c.before, c.after) for c in found.domains] == [(c.before, c.after) for c in ALL_COMPARED[1]]
    for text in (said(found), words_of(comparison(found)), comparison_alt(found)):
        assert "What was asked then is not known here, so no function and no domain is compared." in text
    assert words_of(comparison(found).section("domains")).count("taken with a version that is not known here") == 4


def test_the_file_names_the_versions_and_what_was_left_out() -> None:
    found = compare_json(compared("0.2.0", None, instrument(v0_2_0=(IN_ONE.id,))))
    assert found["versions"] == {
        "before": "0.2.0",
        "after": None,
        "scored_with": FIGURES.version,
        "not_known": [],
        "left_out": {"functions": [IN_ONE.id], "domains": [d for d, w in IN_ONE.weights.items() if w > 0]},
    }
    assert compare_json(compared("9", "9", load()))["versions"]["not_known"] == ["9"]


def test_a_function_that_counts_in_no_domain_leaves_every_domain_compared() -> None:
    weightless = IN_ONE.model_copy(update={"weights": dict.fromkeys(FIGURES.domains, 0)})
    functions = tuple(weightless if f.id == IN_ONE.id else f for f in FIGURES.functions)
    figures = FIGURES.model_copy(update={"functions": functions, "earlier_versions": {"0.2.0": (IN_ONE.id,)}})
    using = load().model_copy(update={"figures": figures})
    found = compared("0.2.0", None, using)
    assert (found.versions.functions, found.versions.domains) == ((IN_ONE.id,), ())
    assert all(d.moved != "unknown" for d in found.domains)
    assert "count" not in said(found)


def test_the_shipped_instrument_knows_every_published_version() -> None:
    published = {"0.3.0"}
    assert published <= {FIGURES.version, *FIGURES.earlier_versions}


def test_versions_differ_only_where_another_than_the_installed_is_named() -> None:
    assert not Versions(None, "1", "1").differ
    assert Versions("0", None, "1").differ
