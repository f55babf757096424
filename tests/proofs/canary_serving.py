"""The same search after a real `stemwise serve` that was killed in the middle of a questionnaire, with logging at DEBUG."""

from __future__ import annotations

import os
import random
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from support.bot_api import BotApi
from support.intake import new_case, wait_for
from support.people import Person
from support.serving import Serving

from bot.cli import main
from tests.proofs.canary_secrets import Secrets, found_in
from tests.proofs.outcome import Outcome


@contextmanager
def _environment(home: Path, key_file: Path) -> Iterator[None]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("STEMWISE_")}
    ours = {"STEMWISE_HOME": str(home), "STEMWISE_KEY_FILE": str(key_file), "STEMWISE_LOG_LEVEL": "DEBUG"}
    with patch.dict(os.environ, {**clean, **ours, "STEMWISE_TIMEZONE": "UTC"}, clear=True):
        yield


def command(home: Path, key_file: Path, *arguments: str) -> int:
    """A command of the program in this process; its exit code."""
    with _environment(home, key_file):
        return main(arguments)


def killed_serving(folder: Path, seed: int, outcome: Outcome) -> None:
    """An intake by phone; the process is killed in the middle of it, comes again, and everything it left is searched."""
    secrets, dice = Secrets(seed), random.Random(seed)
    (folder / "tmp").mkdir(mode=0o700)
    with BotApi() as api:
        settings = {"STEMWISE_LOG_LEVEL": "DEBUG", "TMPDIR": str(folder / "tmp")}
        with Serving(api, folder / "run", **settings) as serving:
            person = Person(api, 5000 + seed % 1000, secrets.mark)
            line = serving.code(secrets.word("name"))
            secrets.keep(line.split()[1])
            person.say(line)
            person.see("New case", 20)
            new_case(person, secrets.word("label"), secrets.birth)
            person.tap("Start now")
            wait_for(person, "A few facts")
            for _ in range(3):
                person.say(f"note: {secrets.word('note')}")
                if dice.random() < 0.6:
                    serving.kill()
                    outcome.count("kills")
                    serving.start()
                api.settled(30)
            person.tap("All checked")
            api.settled(30)
        _search(folder, secrets, api.token, outcome, seed)


def _search(folder: Path, secrets: Secrets, token: str, outcome: Outcome, seed: int) -> None:
    needles = {**secrets.needles(), "the bot's token": token.encode()}
    wrong = [f"seed {seed}, killed: {what} in {place}" for place, what in found_in(folder, needles, besides=("key",))]
    for path in (folder / "run" / "home").rglob("*"):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            wrong.append(f"seed {seed}, killed: {path.name} can be read by others")
    outcome.wrong += wrong
    outcome.count("searches")
