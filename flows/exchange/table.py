"""Every response of a record as a table, for a spreadsheet: one row a response, in the order given."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from flows.exchange.record import INFORMANT_SCHEMA

COLUMNS = (
    "case_id",
    "encounter",
    "informant",
    "item",
    "text",
    "value",
    "label",
    "at",
    "superseded",
    "note",
)
#: A cell that begins with one of these is taken for a formula by spreadsheets, or moves on to another cell.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_csv(record: dict[str, Any]) -> bytes:
    """A record (or one informant's part of it) as CSV: UTF-8, lines as RFC 4180 has them, times as ISO 8601 in UTC.

    An unknown value is an empty cell, yes and no are `true` and `false`. A cell that a spreadsheet would calculate is made
    harmless with an apostrophe before it.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows(record):
        writer.writerow([harmless(cell(row[column])) for column in COLUMNS])
    return text.getvalue().encode()


def rows(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The responses of a record with the columns' names, before anything is written."""
    interviews = list(_interviews(record))
    ids = {who["id"]: who["role"] for _, who, _ in interviews}
    roles = list(ids.values())
    for encounter, who, responses in interviews:
        # two carers are told apart by their ids; where there is one, their role says it all
        informant = who["role"] if roles.count(who["role"]) == 1 else f"{who['role']} {who['id']}"
        for response in responses:
            yield {
                **{column: response[column] for column in COLUMNS[3:]},
                "case_id": record["case_id"],
                "encounter": encounter,
                "informant": informant,
            }


def _interviews(record: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any], list[dict[str, Any]]]]:
    if record["schema"] == INFORMANT_SCHEMA:
        for interview in record["interviews"]:
            yield interview["encounter"], record["informant"], interview["responses"]
        return
    for encounter in record["encounters"]:
        for interview in encounter["interviews"]:
            yield encounter["number"], interview["informant"], interview["responses"]


def cell(value: Any) -> str:
    """A value as it is written in a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def harmless(text: str) -> str:
    """A cell's text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
