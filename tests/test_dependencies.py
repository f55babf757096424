"""What the program is built on: pinned as it is installed, under no known weakness, under licences that go with Apache-2.0."""

from __future__ import annotations

import re
import tomllib
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
#: After this long the list of advisories should be looked through again.
LOOK_AGAIN_AFTER = timedelta(days=180)

#: Licences whose works can be used by a program under Apache-2.0, by the names that packages give them.
ALLOWED = frozenset(
    {
        "0BSD",
        "Apache License 2.0",
        "Apache Software License",
        "Apache-2.0",
        "BSD License",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC0-1.0",
        "CNRI-Python",
        "MIT",
        "MIT License",
        "MIT-0",
        "MIT-CMU",
        "MPL-2.0",  # binds changes of its own files alone, and none is changed
        "Mozilla Public License 2.0 (MPL 2.0)",
        "PSF-2.0",
        "Python Software Foundation License",
        "Zlib",
    }
)
#: Packages under other licences, and why they may be used.
ALLOWED_FOR_A_REASON = {
    "fpdf2": "LGPL-3.0: an unchanged library that is imported and can be exchanged; not part of the wheel",
    "psycopg": "LGPL-3.0: as above, and optional",
    "psycopg-binary": "LGPL-3.0: as above, and optional",
    "python-telegram-bot": "LGPL-3.0: an unchanged library that is imported and can be exchanged; not part of the wheel",
    "pyphen": "GPL 2+, LGPL 2.1+ or MPL 1.1, to be chosen; for tests alone",
}


# --- what is asked for, pinned and installed ---


def project() -> dict[str, Any]:
    content: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return content


def asked_for() -> list[Requirement]:
    """What the project itself names, for running, for PostgreSQL and for its tests."""
    named = project()["project"]
    lines = [*named["dependencies"], *(line for extra in named["optional-dependencies"].values() for line in extra)]
    return [Requirement(line) for line in lines]


def built_with() -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in project()["build-system"]["requires"]}


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    found = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in found}


def installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def needs(requirements: Iterable[Requirement], *, everywhere: bool) -> set[str]:
    """Every package that these need, and that those need in turn; on this machine, or on any."""
    found: set[str] = set()
    waiting = [(r, frozenset({""})) for r in requirements]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement, _ = waiting.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        found.add(name)
        there = installed(name)
        if there is None or (name, extras) in seen:
            continue
        seen.add((name, extras))
        waiting += [(r, extras) for r in _of(there, extras, everywhere=everywhere)]
    return found


def _of(there: Distribution, extras: frozenset[str], *, everywhere: bool) -> Iterator[Requirement]:
    for line in there.requires or ():
        requirement = Requirement(line)
        marker = requirement.marker
        is_extra = marker is not None and "extra" in str(marker)
        chosen = marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))
        if chosen or (everywhere and not is_extra):
            yield requirement


def test_every_package_that_is_needed_is_pinned_at_the_version_that_is_installed() -> None:
    needed = needs(asked_for(), everywhere=False) - built_with()  # what builds comes with the environment
    assert wrong_pins(needed, pins(), installed) == []


def wrong_pins(names: Iterable[str], pinned: Mapping[str, str], look_up: Any) -> list[str]:
    """Needed packages without a pin, without an installation, or installed in another version."""
    faults = []
    for name in sorted(names):
        there = look_up(name)
        if name not in pinned:
            faults.append(f"{name} is not pinned")
        elif there is None:
            faults.append(f"{name} is not installed")
        elif there.version != pinned[name]:
            faults.append(f"{name} is pinned at {pinned[name]} and installed in {there.version}")
    return faults


def test_every_pin_is_of_a_package_that_is_needed_somewhere() -> None:
    assert sorted(set(pins()) - needs(asked_for(), everywhere=True) - built_with()) == []


def test_no_pin_names_where_a_package_is_fetched_from() -> None:
    for file in ("constraints.txt", ".ci/scan-constraints.txt", "pyproject.toml"):
        text = (ROOT / file).read_text("utf-8")
        assert not re.search(r"--(extra-)?index-url|--find-links|@ *(https?|file|git)\b", text), file


def test_a_wrong_pin_is_found() -> None:
    there = {"a": type("Installed", (), {"version": "1.0"})}
    assert wrong_pins(["a"], {"a": "1.0"}, there.get) == []
    assert wrong_pins(["a"], {"a": "1.1"}, there.get) == ["a is pinned at 1.1 and installed in 1.0"]
    assert wrong_pins(["a"], {}, there.get) == ["a is not pinned"]
    assert wrong_pins(["b"], {"b": "1"}, there.get) == ["b is not installed"]
    assert {"aiohttp", "multidict", "h11"} <= needs(asked_for(), everywhere=False), "what others need is followed"


# --- advisories ---


@dataclass(frozen=True, slots=True)
class Advisory:
    """A published weakness, and the versions that have it."""

    package: str
    affected: SpecifierSet
    ids: tuple[str, ...]


def advisories() -> tuple[date, list[Advisory]]:
    """When the list was last looked through, and the list."""
    content = yaml.safe_load((ROOT / ".ci" / "advisories.yaml").read_text("utf-8"))
    entries = content["advisories"]
    known = [Advisory(canonicalize_name(e["package"]), SpecifierSet(e["affected"]), tuple(e["ids"])) for e in entries]
    return content["looked_through"], known


def affected(versions: Mapping[str, str], known: Iterable[Advisory]) -> list[str]:
    """Packages that stand under an advisory at these versions."""
    return [
        f"{a.package} {versions[a.package]}: {', '.join(a.ids)}"
        for a in known
        if a.package in versions and a.affected.contains(Version(versions[a.package]), prereleases=True)
    ]


def lowest_allowed() -> dict[str, str]:
    """The oldest version that the project lets somebody install of what it names."""
    lowest = {}
    for requirement in [*asked_for(), *map(Requirement, project()["build-system"]["requires"])]:
        bounds = [s.version for s in requirement.specifier if s.operator in (">=", "==")]
        if bounds:
            lowest[canonicalize_name(requirement.name)] = bounds[0]
    return lowest


def test_no_pinned_version_is_under_an_advisory() -> None:
    assert affected(pins(), advisories()[1]) == []


def test_no_version_that_may_be_installed_is_under_an_advisory() -> None:
    assert affected(lowest_allowed(), advisories()[1]) == []


def test_a_version_under_an_advisory_is_found() -> None:
    _, known = advisories()
    assert affected({"aiohttp": "3.14.4"}, known) == [
        "aiohttp 3.14.4: GHSA-5wr8-gcqf-gqf3, GHSA-2g87-pp6c-29x5, GHSA-494j-54xm-rwp3"
    ]
    assert len(affected({"aiohttp": "3.8.0", "pillow": "10.0.0"}, known)) > 8
    assert affected({"fonttools": "4.43.0"}, known) == ["fonttools 4.43.0: CVE-2025-66034"]
    assert affected({"fonttools": "4.60.2"}, known) == []


def test_an_advisory_is_about_something_that_is_pinned_and_has_a_known_kind_of_id() -> None:
    _, known = advisories()
    for advisory in known:
        assert advisory.package in pins(), f"{advisory.package} is not used any more; take its advisories out"
        assert advisory.ids
        assert all(re.fullmatch(r"CVE-\d{4}-\d{4,}|GHSA(-[0-9a-z]{4}){3}", i) for i in advisory.ids), advisory.ids


def is_old(looked_through: date, today: date) -> bool:
    return today - looked_through > LOOK_AGAIN_AFTER


def test_an_old_list_of_advisories_warns_and_does_not_fail() -> None:
    looked_through, _ = advisories()
    today = date.today()  # noqa: DTZ011 (a day more or less does not matter)
    if is_old(looked_through, today):
        warnings.warn(f".ci/advisories.yaml was looked through on {looked_through}: look again", stacklevel=1)
    assert is_old(date(2026, 1, 1), date(2026, 7, 1))
    assert not is_old(date(2026, 1, 1), date(2026, 6, 30))


# --- licences ---


def licences(of: Distribution) -> str:
    """What a package says of its licence: an expression, or its classifiers, or a line of text."""
    said: Any = of.metadata
    classifiers = [c.rpartition(" :: ")[2] for c in said.get_all("Classifier") or () if c.startswith("License ::")]
    named = [c for c in classifiers if c != "OSI Approved"]
    return said.get("License-Expression") or " AND ".join(named) or (said.get("License") or "").split("\n")[0]


def is_allowed(expression: str) -> bool:
    """Whether everything that binds is allowed; of alternatives one is enough."""
    return all(
        any(choice.strip(" ()") in ALLOWED or choice.strip() in ALLOWED for choice in part.split(" OR "))
        for part in expression.split(" AND ")
    )


def test_every_licence_goes_with_apache_2() -> None:
    for name in sorted(needs(asked_for(), everywhere=False)):
        there = installed(name)
        assert there is not None, name
        assert name in ALLOWED_FOR_A_REASON or is_allowed(licences(there)), f"{name}: {licences(there)}"


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 AND MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("Mozilla Public License 2.0 (MPL 2.0)", True),
        ("GPL-3.0-only", False),
        ("MIT AND AGPL-3.0-only", False),
        ("LGPL-3.0-only", False),
        ("", False),
    ],
)
def test_a_licence_that_does_not_go_with_it_is_found(expression: str, allowed: bool) -> None:
    assert is_allowed(expression) is allowed


def test_a_reason_is_given_only_where_one_is_needed() -> None:
    for name in ALLOWED_FOR_A_REASON:
        there = installed(name)
        assert there is None or not is_allowed(licences(there)), f"{name} needs no reason any more"
