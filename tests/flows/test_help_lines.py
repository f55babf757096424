"""The operator's file of emergency and help lines: each with its source and date, none shown past it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.informants import answered, begun, invited
from support.walker import Clinic, Walker

from flows.help_lines import FILE, duty_to_report, help_lines

DATA: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
COUNTRIES = sorted(DATA["countries"])
LANGUAGES = ("en", "es")
#: Longer than this nobody should trust a number that was not read again.
MOST_DAYS = 366


def _lines(country: str) -> Iterator[dict[str, Any]]:
    chosen = DATA["countries"][country]
    yield chosen["emergency"]
    yield from chosen["lines"]


def _ends(country: str) -> list[date]:
    return [line["valid_until"] for line in _lines(country)]


@pytest.mark.parametrize("country", COUNTRIES)
def test_each_line_has_its_public_source_its_day_and_its_end(country: str) -> None:
    for line in _lines(country):
        assert line["source"].startswith(("https://", "http://")), line
        assert line["read_on"] < line["valid_until"] <= line["read_on"] + timedelta(days=MOST_DAYS), line


@pytest.mark.parametrize("country", COUNTRIES)
def test_each_line_says_its_number_in_every_language(country: str) -> None:
    for line in _lines(country):
        assert all(line["number"] in line[language] for language in LANGUAGES), line


@pytest.mark.parametrize("country", COUNTRIES)
def test_lines_stand_until_their_day_is_over_the_emergency_number_first(country: str) -> None:
    last = min(_ends(country))
    for language in LANGUAGES:
        expected = tuple(line[language] for line in _lines(country))
        assert help_lines(country, language, last) == expected
        assert help_lines(country.lower(), language, last) == expected


@pytest.mark.parametrize("country", COUNTRIES)
def test_past_its_day_no_line_is_shown_and_the_neutral_words_stand_there(country: str) -> None:
    day_after = max(_ends(country)) + timedelta(days=1)
    for language in LANGUAGES:
        assert help_lines(country, language, day_after) == (DATA["neutral"][language],)


@pytest.mark.parametrize("country", ["XX", "", None])
def test_other_countries_have_neutral_words(country: str | None) -> None:
    for language in LANGUAGES:
        assert help_lines(country, language, date(2026, 11, 25)) == (DATA["neutral"][language],)


def test_one_line_past_its_day_goes_alone(tmp_path: Path) -> None:
    def line(number: str, until: date) -> dict[str, Any]:
        return {"number": number, "en": f"Call {number}.", "es": f"Llame al {number}.", "valid_until": until}

    file = tmp_path / "lines.yaml"
    chosen = {
        "emergency": line("1", date(2027, 1, 1)),
        "lines": [line("2", date(2026, 6, 30)), line("3", date(2027, 1, 1))],
    }
    file.write_text(yaml.safe_dump({**DATA, "countries": {"XA": chosen}}, allow_unicode=True), "utf-8")
    assert help_lines("XA", "en", date(2026, 6, 30), file) == ("Call 1.", "Call 2.", "Call 3.")
    assert help_lines("XA", "es", date(2026, 7, 1), file) == ("Llame al 1.", "Llame al 3.")


def test_the_duty_to_report_has_words_for_every_country() -> None:
    assert all(len(duty_to_report(country)) > 20 for country in (*COUNTRIES, "XX", None))


def test_a_yes_to_danger_shows_the_countrys_lines_until_their_day_is_over(clinic: Clinic, walker: Walker) -> None:
    """What stands on the screen follows the clinic's own day."""
    clinic.rebuilds = False
    clinic.present.settings.country = "GB"
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "200")
    answered(carer, until="right now?")
    carer.tap("Yes")
    carer.shows("What you can do now", *(line["en"] for line in _lines("GB")))
    clinic.clock.now = clinic.clock.now.replace(year=max(_ends("GB")).year + 1)
    clinic.changes += 1
    carer.shows("What you can do now", DATA["neutral"]["en"])
    carer.hides(*(line["number"] for line in _lines("GB")))
