"""The table of responses: one row a response, as a spreadsheet reads it, with nothing in it that would be calculated."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.walker import Clinic

from flows.exchange.record import informants_of, record_for_informant
from flows.exchange.table import COLUMNS, harmless, to_csv

from . import made


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


@pytest.fixture
def record(make_clinic: Callable[..., Clinic]) -> dict[str, Any]:
    clinic = make_clinic(rebuilds=False)
    return clinic.record(made.random_case(clinic, 4))


def test_every_response_is_a_row_with_its_columns(record: dict[str, Any]) -> None:
    content = to_csv(record)
    assert content.splitlines()[0].decode() == "case_id,encounter,informant,item,text,value,label,at,superseded,note"
    rows = read(content)
    responses = [(e, i, r) for e in record["encounters"] for i in e["interviews"] for r in i["responses"]]
    assert len(rows) == len(responses) > 100
    for row, (encounter, interview, response) in zip(rows, responses, strict=True):
        assert row["case_id"] == record["case_id"]
        assert row["encounter"] == str(encounter["number"])
        assert row["informant"].split()[0] == interview["informant"]["role"]
        assert row["item"] == response["item"]
        assert row["text"] == harmless(response["text"])
        assert row["superseded"] == str(response["superseded"]).lower()
        assert row["note"] == harmless(response["note"] or "")
        assert row["at"] == response["at"]
        assert row["at"].endswith("Z")
        assert datetime.fromisoformat(row["at"]).utcoffset() is not None
        value = response["value"]
        assert row["value"] == ("" if value is None else str(value).lower() if isinstance(value, bool) else str(value))


def test_nothing_in_a_table_begins_like_a_formula(record: dict[str, Any]) -> None:
    rows = read(to_csv(record))
    assert any(row["note"].startswith("'") for row in rows)
    for row in rows:
        for name in COLUMNS:
            assert not row[name].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(st.text())
def test_any_text_stays_readable_and_harmless(text: str) -> None:
    found = harmless(text)
    assert found in (text, f"'{text}")
    assert not found.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_two_informants_of_one_role_are_told_apart_but_not_to_one_of_them(record: dict[str, Any]) -> None:
    roles = list(informants_of(record).values())
    names = {row["informant"] for row in read(to_csv(record))}
    assert len(names) == len(roles)
    for informant, role in informants_of(record).items():
        part = read(to_csv(record_for_informant(record, informant)))
        assert {row["informant"] for row in part} == {role}
