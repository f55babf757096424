from __future__ import annotations

import re

import pytest

from scoring.documents.blocks import Bullets, Document, Heading, Paragraph, Picture, Section, Table
from scoring.documents.markdown import to_markdown
from scoring.documents.summary import summary
from tests.scoring.documents.made import result_with, vector


def made(*blocks):
    return to_markdown(Document("Title", (Section("s", blocks),)))


def test_every_kind_of_block_has_its_form():
    text = made(
        Heading("Part", 3),
        Paragraph("Plain."),
        Paragraph("Loud.", "strong"),
        Bullets(("a", "b")),
        Bullets(("c", "d"), start=3),
        Table(("x", "y"), (("1", "2"),)),
        Picture("map", "A map"),
    )
    assert text == (
        "# Title\n\n### Part\n\nPlain.\n\n**Loud.**\n\n- a\n- b\n\n3. c\n4. d\n\n"
        "| x | y |\n| --- | --- |\n| 1 | 2 |\n\n![A map](map.png)\n"
    )


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("a*b_c`d", r"a\*b\_c\`d"),
        ("[x](y)", r"\[x\](y)"),
        ("<b>", r"\<b>"),
        ("$x$", r"\$x\$"),
        ("# no heading", r"\# no heading"),
        ("- no list", r"\- no list"),
        ("12. no list", r"12\. no list"),
        ("&amp; but R&D", r"\&amp; but R&D"),
        ("two\nlines", "two lines"),
    ],
)
def test_typed_signs_stand_for_themselves(typed, written):
    assert made(Paragraph(typed)) == f"# Title\n\n{written}\n"


def test_a_bar_in_a_cell_does_not_end_it():
    assert r"| a\|b | c |" in made(Table(("h", "i"), (("a|b", "c"),)))


@pytest.mark.parametrize("label", ["*bold*", "_a_ $x$", "<script>", "# top", "`code`", "[l](http://x)", "a\nb\n\n# c"])
def test_a_label_cannot_form_anything(label):
    text = to_markdown(summary(result_with(vector("01"), label=label)))
    first = text.splitlines()[0]
    assert first.startswith("# Summary: ")
    assert not re.search(r"(?<!\\)[*_`\[<$]", first)
    assert text.splitlines()[1] == ""
    assert text.splitlines()[2] == "## Safety first"
