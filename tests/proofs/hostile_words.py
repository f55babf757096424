"""What people type who mean harm, or whose phone does: every kind of text that has broken a program before."""

from __future__ import annotations

WORDS: dict[str, str] = {
    "control characters": "a\x01b\x07c\x1bd\x7f",
    "terminal commands": "\x1b[2J\x1b]0;title\x07done",
    "null bytes": "before\x00after",
    "only null bytes": "\x00\x00",
    "right to left marks": "\u202egnp.exe\u202c \u200f\u200e\u2067x\u2069",
    "right to left letters": "שלום עולם مرحبا",
    "zero width": "a\u200bb\u200dc\ufeff",
    "combining marks": "e" + "\u0301" * 40 + "Z͑ͫa̴l̵g̶o̷",
    "4,096 letters": "x" * 4096,
    "4,096 words": "ab " * 1365,
    "one long line of emoji": "👩‍👩‍👧‍👦" * 140,
    "emoji": "🙂👍🏽🏳️‍🌈1️⃣",
    "html": "<b>bold</b><script>alert(1)</script>&amp;</a>",
    "markdown": "*bold* _it_ [x](http://example.org) `code` ```\n# head | table |",
    "formula =": "=cmd|' /C calc'!A0",
    "formula +": "+1+1",
    "formula -": "-2+3",
    "formula @": "@SUM(A1:A9)",
    "formula after a tab": "\t=1+1",
    "mathematics": "$\\frac{1}{0}$ $x$ ^_{}%",
    "format strings": "%s %n {0} {label} ${HOME} %(x)s",
    "sql": "'; DROP TABLE cases; --",
    "paths": "../../../../etc/passwd",
    "line breaks": "one\ntwo\r\nthree\u2028four\u2029five",
    "only spaces": " \t\u00a0\u3000 ",
    "half a character": "half \ud83d of one",
    "the other half": "\udc00",
    "not a character": "\uffff\ufdd0\U0010ffff",
    "private use": "\ue000\U000f0000",
    "digits of elsewhere": "٧",
    "many digits": "9" * 4096,
    "a number with an exponent": "1e999",
    "not a number": "nan",
    "a year of nought": "0000-00-00",
    "a day that is not": "2023-02-29",
    "a leap day": "2024-02-29",
    "a month of thirteen": "2020-13-01",
    "a far year": "9999-12-31",
    "a leap day of old": "29 February 1900",
    "dots": "29.2.2024",
    "a note": "note: \x00\u202e=1",
    "a command that is none": "/\u202estart",
    "a start with junk": "/start c_\x00\ud800",
    "a start with a link": "/start i_' OR 1=1 --",
    "json": '{"a": [1, null]}',
    "template": "{{7*7}} ${7*7} <%= 7*7 %>",
    "ligatures": "ﬃ Ǆ ẞ İ ı ſ K",
}
#: A little of most of it in one text that a label can hold.
WORDS["everything at once"] = "=\x00\u202e<b>$*\x1b[2Jé🙂\u200b%s٧"
#: Half a character, which no encoding takes.
HALVES = frozenset(name for name, words in WORDS.items() if any("\ud800" <= c <= "\udfff" for c in words))
#: Those that stay a label of 2 to 24 characters.
LABELS: dict[str, str] = {
    name: kept for name, words in WORDS.items() if len(kept := " ".join(words.split())[:20].strip()) > 1
}
