"""The terminal as a channel: lines become events, screens become lines. It holds no rule of the interview."""

from __future__ import annotations

import re
import secrets
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from bot.invitation import forward_text
from bot.outputs import make_private, summary_of, write_private, write_result
from flows.conversation import Account
from flows.engine import Engine, Taken
from flows.events import Event
from flows.storage.mail import Waiting
from flows.views import Button, Screen
from scoring import figures
from scoring.compare import compare
from scoring.documents.blocks import Block, Bullets, Document, Heading, Paper, Paragraph, Picture, Table
from scoring.documents.comparison import reading
from scoring.documents.voices import Voices
from scoring.result import Result
from scoring.trend import trend

SOURCE = "terminal"
WIDTH = 88
_LIST_NUMBER = re.compile(r"^\d+\. ")


class Palette:
    """Colour where the terminal has it."""

    def __init__(self, *, is_coloured: bool) -> None:
        self._on = is_coloured

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._on else text

    def heading(self, text: str) -> str:
        return self._wrap("1;36", text)

    def strong(self, text: str) -> str:
        return self._wrap("1", text)

    def small(self, text: str) -> str:
        return self._wrap("2", text)

    def toned(self, tone: str, text: str) -> str:
        return {"strong": self.strong, "small": self.small}.get(tone, str)(text)

    def chosen(self, text: str) -> str:
        return self._wrap("32", text)


def lines_of(blocks: tuple[Block, ...], palette: Palette) -> Iterator[str]:
    """Blocks as lines of at most `WIDTH` columns."""
    for block in blocks:
        match block:
            case Heading(text=text):
                yield ""
                yield palette.heading(text)
            case Paragraph(text=text, tone=tone):
                yield from (palette.toned(tone, line) for line in _wrapped(text))
            case Bullets(items=items, start=start):
                for place, item in enumerate(items):
                    mark = "• " if start is None else f"{start + place}. "
                    yield from _wrapped(item, mark)
            case Table(header=header, rows=rows):
                for row in rows:
                    yield from _wrapped("; ".join(f"{h}: {c}" for h, c in zip(header, row, strict=True) if c), "• ")
            case Picture(alt=alt):
                yield from _wrapped(alt)


def _wrapped(text: str, mark: str = "") -> Iterator[str]:
    for number, part in enumerate(text.split("\n")):
        first = mark if number == 0 else " " * len(mark)
        yield from textwrap.wrap(part, WIDTH, initial_indent=first, subsequent_indent=" " * len(mark)) or [""]


def plain_words(words: str) -> str:
    """A button's words as somebody types them: no arrows, no list number."""
    return _LIST_NUMBER.sub("", words.strip("‹› "), count=1).strip().casefold()


class Terminal:
    """One account's conversation over a pair of text streams.

    Parameters
    ----------
    results_folder : where pictures and documents are written, one folder a case
    """

    def __init__(
        self,
        engine: Engine,
        account: Account,
        *,
        lines: Iterator[str],
        out: TextIO,
        results_folder: Path,
        is_coloured: bool = False,
        progress: Callable[[str], None] | None = None,
        paper: Paper = "A4",
    ) -> None:
        self._engine = engine
        self._account = account
        self._lines = lines
        self._out = out
        self._results = results_folder
        self._palette = Palette(is_coloured=is_coloured)
        self._progress = progress
        self._paper = paper
        #: The result whose files were written last, with how many edits of its plan.
        self._written: tuple[str, int, int | None] | None = None

    def run(self) -> None:
        """Talk until the input ends; then the interview is paused and the way back is said."""
        screen = self._screen()
        try:
            self._show(screen)
            self._deliver()
            for line in self._lines:
                text = line.strip()
                if plain_words(text) in ("quit", "exit"):
                    break
                if not text or (text == "?" and self._button(text, self._screen()) is None):
                    self._show(self._screen())
                    continue
                self._taken(self._engine.take(self._event(text)))
        except KeyboardInterrupt:
            self._print("")
        self._leave()

    def _leave(self) -> None:
        screen = self._screen()
        if any(b.action == "pause" for b in screen.buttons):
            self._engine.take(self._tap(screen, Button("Pause", "pause")))
        self._print("")
        self._print("Paused. Every answer is kept. Go on with: stemwise chat")

    def _screen(self) -> Screen:
        return self._engine.screen_of(self._account.id)[0]

    def _taken(self, taken: Taken) -> None:
        if taken.toast and taken.toast not in [b.text for b in taken.screen.blocks if isinstance(b, Paragraph)]:
            self._print(self._palette.strong(taken.toast))
        self._deliver()
        self._show(taken.screen)

    # --- lines in ---

    def _event(self, text: str) -> Event:
        if text.startswith("/"):
            name, _, arg = text[1:].partition(" ")
            return self._make("command", action=name.casefold(), arg=arg.strip())
        screen = self._screen()
        button = self._button(text, screen)
        return self._tap(screen, button) if button else self._make("text", text=text)

    def _button(self, text: str, screen: Screen) -> Button | None:
        """The option that a line chooses, by its number or its words."""
        options = self._options(screen)
        if text.isascii() and text.isdecimal() and screen.typed != "rating":
            place = int(text)
            return options[place - 1] if 0 < place <= len(options) else None
        asked = "why this?" if text == "?" else plain_words(text)
        for exact in (True, False):
            for button in options:
                words = plain_words(button.words)
                if asked == (words if exact else words.partition(":")[0]):
                    return button
        return None

    def _options(self, screen: Screen) -> list[Button]:
        return [b for b in screen.buttons if not (screen.typed == "rating" and b.action == "rate")]

    def _tap(self, screen: Screen, button: Button) -> Event:
        return self._make("tap", action=button.action, arg=button.arg, screen=screen.number)

    def _make(self, kind: str, **parts: object) -> Event:
        return Event(
            source=SOURCE,
            id=secrets.token_hex(16),
            channel=self._account.channel,
            address=self._account.address,
            kind=kind,  # type: ignore[arg-type]
            **parts,  # type: ignore[arg-type]
        )

    # --- lines out ---

    def _print(self, text: str) -> None:
        print(text, file=self._out, flush=True)

    def _show(self, screen: Screen) -> None:
        self._print("")
        for line in lines_of(screen.blocks, self._palette):
            self._print(line)
        self._print("")
        rates = screen.typed == "rating"
        if rates:
            self._print("Type a rating from 1 to 12, or one of these words:")
        for place, button in enumerate(self._options(screen), start=1):
            words = _LIST_NUMBER.sub("", button.words, count=1)
            line = f"   {words}" if rates else f"{place}) {words}"
            self._print(self._palette.chosen(line) if button.is_chosen else line)
        print("> ", end="", file=self._out, flush=True)
        self._engine.screen_delivered(self._account.id, screen.version, None)

    def _deliver(self) -> None:
        """Show what waits for this account; a result is written to files once, and the summary says where."""
        for waiting in self._engine.waiting_for(self._account.id):
            self._deliver_one(waiting)
            self._engine.news_sent(waiting, [])

    def _deliver_one(self, waiting: Waiting) -> None:
        news = waiting.news
        if news.kind == "invitation":
            self._print(forward_text(self._engine.bot_name(), news.body["token"], self._account.locale))
        elif "encounter" in news.body:
            self._result(waiting)
        else:
            for line in _wrapped(str(news.body.get("text", ""))):
                self._print(self._palette.strong(line))

    def _result(self, waiting: Waiting) -> None:
        """What was made from a result: its files are written once, and the words are shown."""
        news, body = waiting.news, waiting.news.body
        result = self._engine.result_of(body["encounter"], body["number"], body.get("edits"))
        voices = self._engine.voices_of(body["encounter"])
        folder = self._results / str(news.case_id) / result.profile.assessed.isoformat()
        if news.kind in ("map", "summary", "file"):
            self._write((body["encounter"], body["number"], body.get("edits")), result, folder, voices)
        if news.kind == "map":
            self._say(figures.map_alt(result))
        elif news.kind == "history":
            self._say(figures.history_alt(result))
        elif news.kind == "compare":
            comparison = compare(self._engine.result_of(body["before"], body["before_number"]), result)
            self._picture(
                folder / "compare.png", figures.draw_comparison(comparison), figures.comparison_alt(comparison)
            )
            self._sections(reading(comparison))
        elif news.kind == "trend":
            course = trend(
                [*(self._engine.result_of(one["encounter"], one["number"]) for one in body["earlier"]), result]
            )
            self._picture(folder / "trend.png", figures.draw_trend(course), figures.trend_alt(course))
        elif news.kind == "file":
            self._file(str(news.case_id), body["wanted"], folder)
        else:
            self._summary(summary_of(result, voices), folder)

    def _picture(self, path: Path, drawn: bytes, words: str) -> None:
        """A picture of several results: its words, and where it lies."""
        make_private(path.parent)  # the result may have been sent to a phone alone
        write_private(path, drawn)
        self._say(words)
        self._print(f"The picture is {path}")  # never parted over two lines

    def _write(self, named: tuple[str, int, int | None], result: Result, folder: Path, voices: Voices) -> None:
        """Write a result's files, unless they are there as they should be."""
        if named != self._written:
            self._print("")
            self._print("Drawing…")
            write_result(result, folder, self._progress or (lambda _: None), voices, self._paper)
            self._written = named

    def _file(self, case_id: str, wanted: str, folder: Path) -> None:
        path = folder / ("case.json" if wanted == "export" else f"{wanted}.pdf")
        if wanted == "export":
            write_private(path, self._engine.export_of(case_id))
        self._print(f"The file is {path}")

    def _summary(self, document: Document, folder: Path) -> None:
        self._print("")
        self._sections(document)
        self._print("")
        self._print(self._palette.strong(f"The files are in {folder}"))
        for path in sorted(folder.iterdir()):
            self._print(f"  {path.name}")

    def _sections(self, document: Document) -> None:
        for section in document.sections:
            for line in lines_of(section.blocks, self._palette):
                self._print(line)

    def _say(self, text: str) -> None:
        for line in _wrapped(text):
            self._print(line)
