"""An invitation as it is handed over: a link, the same link as a QR picture, and a text to forward."""

from __future__ import annotations

import io

import segno

from flows.wording import translator

#: Names neither person nor subject: whoever reads along on the way learns nothing.
FORWARD = (
    "Here is the link to the questions we spoke of. Open it on your own phone, when you are alone.\n"
    "It works once, for the first person who opens it. Please do not pass it on.\n{link}"
)


def forward_text(bot_name: str | None, token: str, locale: str) -> str:
    """What a clinician passes on, in their own language."""
    return translator(locale)(FORWARD, link=invitation_link(bot_name or "", token))


def invitation_link(bot_name: str, token: str) -> str:
    return f"https://t.me/{bot_name or 'YOUR_BOT'}?start={token}"


def qr_png(link: str) -> bytes:
    """The link as a QR picture, black on white with its quiet zone, some 300 px wide."""
    out = io.BytesIO()
    segno.make(link, error="m").save(out, kind="png", scale=8, border=4)
    return out.getvalue()
