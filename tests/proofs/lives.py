"""`stemwise serve` in many short lives: started, killed at a point or from outside, started again on the same data."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from support.bot_api import BotApi
from support.serving import Serving

from . import ROOT

PATIENCE_S = 60.0


class Lives(Serving):
    """Serving whose every life is forked by `launch.py`.

    Parameters
    ----------
    without : a guard of the product to take out, for a negative control
    """

    def __init__(self, api: BotApi, folder: Path, without: str | None = None, **settings: str) -> None:
        super().__init__(api, folder, STEMWISE_SENDS_PER_SECOND="1000", **settings)
        self.environment["PYTHONPATH"] = str(ROOT)
        self.count = 0
        self._without = without
        self._pid: int | None = None
        self._ended = threading.Event()
        self._code = 0
        self._told: queue.Queue[dict[str, Any]] = queue.Queue()

    def __enter__(self) -> Lives:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = (self.folder / "serve.log").open("ab")
        guard = ["--without", self._without] if self._without else []
        self._launcher = subprocess.Popen(
            [sys.executable, "-m", "tests.proofs.launch", *guard],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def _listen(self) -> None:
        assert self._launcher.stdout is not None
        for line in self._launcher.stdout:
            told = json.loads(line)
            if "ended" in told:
                self._code = told["ended"]
                self._ended.set()
            self._told.put(told)

    def begin(self, point: str = "", passes: int = 1) -> None:
        """Start a life that dies at a point, where one is named."""
        self._ended.clear()
        assert self._launcher.stdin is not None
        self._launcher.stdin.write(json.dumps({"point": point, "passes": passes}) + "\n")
        self._launcher.stdin.flush()
        self._pid = self._told.get(timeout=PATIENCE_S)["pid"]
        self.count += 1

    @property
    def pid(self) -> int:
        """Of the present life."""
        assert self._pid is not None
        return self._pid

    @property
    def is_over(self) -> bool:
        return self._ended.is_set()

    def dies_within(self, seconds: float) -> bool:
        """Wait for the end of this life; whether it came."""
        return self._ended.wait(seconds)

    def end(self) -> bool:
        """Kill this life where it still lives; whether it had died by itself, at its point.

        Raises
        ------
        AssertionError
            Where it ended in another way than by a kill.
        """
        assert self._pid is not None
        died_by_itself = self.is_over
        if not died_by_itself:
            os.kill(self._pid, signal.SIGKILL)  # not yet waited for, so the id is still its own
        assert self._ended.wait(PATIENCE_S), "a killed life did not end"
        self._told.get(timeout=PATIENCE_S)
        self._pid = None
        if self._code != -signal.SIGKILL:
            raise AssertionError(f"serving ended by itself with exit {self._code}: {self.said()}")
        return died_by_itself

    def said(self) -> str:
        """The end of its log."""
        return (self.folder / "serve.log").read_text()[-2000:]

    def __exit__(self, *_: object) -> None:
        if self._pid is not None and not self.is_over:
            os.kill(self._pid, signal.SIGKILL)
        assert self._launcher.stdin is not None
        self._launcher.stdin.close()
        self._launcher.wait(PATIENCE_S)
        self.log.close()
