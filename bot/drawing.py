"""A kept, warm helper process that draws pictures and documents, so that no tap waits for text to be drawn.

It dies with its parent (its pipe closes), is started again when it dies or takes too long, and has a memory limit.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Literal

from scoring.compare import compare
from scoring.documents.blocks import Paper, PictureName
from scoring.documents.voices import Voices
from scoring.instrument import Instrument, load
from scoring.result import Kept, assess_kept
from scoring.trend import trend

Wanted = Literal["map", "history", "compare", "trend", "report", "family"]
TIME_LIMIT_S = 60.0
MEMORY_LIMIT_BYTES = 2 * 1024**3


class DrawingFailed(Exception):
    """A picture or document could not be made; the chat goes on without it."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is wanted, and what it is made from: a kept result; for a comparison the one before, for a course all earlier ones."""

    wanted: Wanted
    kept: Kept
    before: Kept | None = None
    earlier: tuple[Kept, ...] = ()
    voices: Voices = field(default_factory=Voices)


def draw(job: Job, instrument: Instrument, paper: Paper = "A4") -> bytes:
    """What is wanted, made here and now; documents on that paper."""
    from bot import outputs

    result = assess_kept(job.kept, instrument)
    if job.wanted == "compare":
        assert job.before is not None
        from scoring import figures

        return figures.draw_comparison(compare(assess_kept(job.before, instrument), result))
    if job.wanted == "trend":
        from scoring import figures

        return figures.draw_trend(trend([*(assess_kept(kept, instrument) for kept in job.earlier), result]))
    if job.wanted in ("map", "history"):
        return outputs.picture(result, job.wanted)
    if job.wanted == "family":
        return outputs.family_pdf(result, paper)
    pictures: dict[PictureName, bytes] = {name: outputs.picture(result, name) for name in ("map", "history")}
    return outputs.report_pdf(result, pictures, job.voices, paper)


def _serve(pipe: Connection, paper: Paper) -> None:
    """The helper's loop: a case in, bytes out; ends when the parent is gone."""
    import signal

    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to end
    instrument = load()
    while True:
        try:
            job = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            pipe.send((True, draw(job, instrument, paper)))
        except Exception as error:
            pipe.send((False, type(error).__name__))


class Drawer:
    """Hands drawing to the helper, one at a time; to be called from a thread that may wait."""

    def __init__(self, time_limit_s: float = TIME_LIMIT_S, paper: Paper = "A4") -> None:
        self._paper = paper
        self._time_limit_s = time_limit_s
        self._lock = threading.Lock()
        self._context = multiprocessing.get_context("spawn")
        self._process: Any = None
        self._pipe: Connection | None = None

    def _start(self) -> Connection:
        if self._process is None or not self._process.is_alive() or self._pipe is None:
            self.close()
            ours, theirs = self._context.Pipe()
            self._process = self._context.Process(
                target=_serve, args=(theirs, self._paper), daemon=True, name="stemwise-drawing"
            )
            self._process.start()
            theirs.close()
            self._pipe = ours
        return self._pipe

    def make(self, job: Job) -> bytes:
        """Have the helper draw.

        Raises
        ------
        DrawingFailed
            When it could not be drawn, the helper died or took too long.
        """
        with self._lock:
            try:
                pipe = self._start()
                pipe.send(job)
                if not pipe.poll(self._time_limit_s):
                    raise TimeoutError
                is_drawn, drawn = pipe.recv()
            except (EOFError, OSError, TimeoutError) as error:
                self.close()
                raise DrawingFailed(type(error).__name__) from None
        if not is_drawn:
            raise DrawingFailed(str(drawn))
        return bytes(drawn)

    def close(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._process is not None:
            self._process.terminate()
            self._process.join(5)
            self._process = None
