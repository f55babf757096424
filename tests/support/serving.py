"""`stemwise serve` as a process of its own against the local Bot API, for tests that act as people with phones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from support.bot_api import BotApi


class Serving:
    """A running `stemwise serve`, with its own data folder; can be killed and started again.

    Parameters
    ----------
    folder : where data and key lie, kept between starts
    """

    def __init__(self, api: BotApi, folder: Path, **settings: str) -> None:
        self.api, self.folder = api, folder
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("STEMWISE_")},
            "STEMWISE_HOME": str(folder / "home"),
            "STEMWISE_KEY_FILE": str(folder / "config" / "key"),
            "STEMWISE_TOKEN": api.token,
            "STEMWISE_API_URL": api.url,
            "STEMWISE_TIMEZONE": "UTC",
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run another command of the program on the same data."""
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=check,
            timeout=60,
        )

    def code(self, name: str = "Dr Sample") -> str:
        """A new clinician's enrolment code."""
        lines = self.command("clinician", "add", name).stdout.splitlines()
        return next(line for line in lines if line.startswith("/start "))

    def start(self) -> None:
        self.log = (self.folder / "serve.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve"],
            env=self.environment,
            cwd=self.folder,
            stdout=self.log,
            stderr=self.log,
        )
        self.api.next_poll(timeout=30)

    def kill(self) -> None:
        """End it as a crash would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)
        self._process = None

    def wait(self, seconds: float) -> int:
        """The exit code, once it has ended by itself."""
        assert self._process is not None
        code = self._process.wait(seconds)
        self._process = None
        return code

    def stop(self) -> int:
        """End it as a person would; the exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(20)
        self._process = None
        self.log.close()
        return code

    def __enter__(self) -> Serving:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
