"""The webhook: only Telegram is let in, nothing large is read, and "taken" is said only after the commit."""

from __future__ import annotations

import hmac
import http.client
import json
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request
from support.bot_api import BotApi
from support.people import Person
from support.serving import Serving

from bot.telegram.updates import ALLOWED
from bot.telegram.webhook import MAX_BODY_BYTES, SECRET_HEADER, Listening, WebhookServer, read_listening, secret_of

PATH = "/hooks/stemwise"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class WebhookServing(Serving):
    """`stemwise serve --webhook`, with Telegram and the proxy in front of it both on this machine."""

    def __init__(self, api: BotApi, folder: Path, **settings: str) -> None:
        super().__init__(api, folder, STEMWISE_LOG_LEVEL="DEBUG", **settings)
        self.port = free_port()
        self.secret = secret_of(api.token)

    @property
    def arguments(self) -> list[str]:
        url = f"http://127.0.0.1:{self.port}{PATH}"
        return ["serve", "--webhook", url, "--listen", f"127.0.0.1:{self.port}"]

    def start(self) -> None:
        before = len(self.api.calls("setWebhook"))
        self.log = (self.folder / "serve.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", *self.arguments],
            env=self.environment,
            cwd=self.folder,
            stdout=self.log,
            stderr=self.log,
        )
        self.api.wait_until(lambda: len(self.api.calls("setWebhook")) > before, 30, "setWebhook")

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def database(self) -> Path:
        return self.folder / "home" / "stemwise.db"

    def taken(self) -> list[str]:
        """Ids of updates that were committed."""
        connection = sqlite3.connect(self.database)
        try:
            return [row[0] for row in connection.execute("SELECT event_id FROM inbox WHERE source LIKE 'telegram:%'")]
        finally:
            connection.close()

    def post(
        self,
        body: bytes = b"",
        *,
        path: str = PATH,
        method: str = "POST",
        secret: str | None = "right",
        headers: dict[str, str] | None = None,
    ) -> int:
        """What a post is answered with."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        told = {"Content-Type": "application/json", **(headers or {})}
        if secret is not None:
            told[SECRET_HEADER] = self.secret if secret == "right" else secret
        try:
            connection.request(method, path, body, told)
            return connection.getresponse().status
        finally:
            connection.close()

    def raw(self, head: str, wait_s: float = 5) -> str:
        """The first line of what is answered to a bare head, with no body sent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait_s) as line:
            line.sendall(head.replace("\n", "\r\n").encode())
            return line.recv(200).decode().splitlines()[0]


@pytest.fixture(scope="module")
def serving() -> Iterator[WebhookServing]:
    folder = Path(tempfile.mkdtemp(prefix="stemwise-hook-"))
    with BotApi() as api, WebhookServing(api, folder) as made:
        yield made
        assert made.is_running, made.folder.joinpath("serve.log").read_text()
    shutil.rmtree(folder, ignore_errors=True)


def message(update_id: int, user: int, text: str = "hello") -> dict[str, Any]:
    person = {"id": user, "is_bot": False, "first_name": "P", "language_code": "en"}
    chat = {"id": user, "type": "private"}
    return {
        "update_id": update_id,
        "message": {"message_id": update_id, "date": 1, "chat": chat, "from": person, "text": text},
    }


def posted(update: Any) -> bytes:
    return json.dumps(update).encode()


# --- the way in ---


def test_telegram_is_told_address_secret_and_what_is_wanted(serving: WebhookServing) -> None:
    call = serving.api.calls("setWebhook")[-1].params
    assert call["url"].endswith(PATH)
    assert call["secret_token"] == serving.secret
    assert call["allowed_updates"] == ALLOWED
    assert serving.api.calls("getUpdates") == []


def test_a_clinician_enrols_and_begins_a_case_by_webhook(serving: WebhookServing) -> None:
    person = Person(serving.api, 71, "Ada")
    person.say(serving.code("Dr Hook"))
    serving.api.settled(20)
    person.say("/new")
    serving.api.settled(20)
    person.say("Robin")
    serving.api.settled(20)
    person.say("2018-01-10")
    serving.api.settled(20)
    assert "Robin" in serving.api.transcript(71)
    assert serving.api.outlet.webhook is not None
    assert serving.api.outlet.webhook.last_error == ""


@pytest.mark.parametrize("secret", [None, "", "wrong", "right ", "é"])
def test_without_the_secret_nothing_is_taken(serving: WebhookServing, secret: str | None) -> None:
    if secret == "right ":
        secret = serving.secret[:-1]
    if secret == "é":
        line = f"POST {PATH} HTTP/1.1\nHost: x\n{SECRET_HEADER}: é\nContent-Length: 0\n\n"
        assert " 403 " in serving.raw(line)
        return
    assert serving.post(posted(message(900_001, 72)), secret=secret) == 403
    assert "900001" not in serving.taken()


def test_who_has_no_secret_is_refused_before_a_byte_of_the_body_is_read(serving: WebhookServing) -> None:
    for secret in ("", f"{SECRET_HEADER}: wrong\n"):
        assert " 403 " in serving.raw(f"POST {PATH} HTTP/1.1\nHost: x\n{secret}Content-Length: 5000\n\n")


@pytest.mark.parametrize("given", ["", "x", "é", "right"])
def test_the_secret_is_compared_in_constant_time(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both values go whole into the one comparison that takes as long for a near miss as for a far one."""
    secret = secret_of("1234:x")
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr("bot.telegram.webhook.hmac", SimpleNamespace(compare_digest=compare))
    given = secret if given == "right" else given
    request = make_mocked_request("POST", PATH, headers={SECRET_HEADER: given, "Content-Length": "1"})
    refusal = WebhookServer._refusal(SimpleNamespace(_secret=secret), request)  # type: ignore[arg-type]
    assert compared == [(given.encode(), secret.encode())]
    assert (refusal is None) == (given == secret)


@pytest.mark.parametrize(
    "path", ["/", "/hooks", PATH + "/", PATH + "/more", "/hooks/../hooks/stemwise2", "/HOOKS/STEMWISE"]
)
def test_another_path_is_not_there(serving: WebhookServing, path: str) -> None:
    assert serving.post(posted(message(900_002, 72)), path=path) == 404
    assert "900002" not in serving.taken()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_another_method_is_refused(serving: WebhookServing, method: str) -> None:
    assert serving.post(method=method) == 405


def test_a_large_body_is_refused_before_it_is_read(serving: WebhookServing) -> None:
    head = f"POST {PATH} HTTP/1.1\nHost: x\n{SECRET_HEADER}: {serving.secret}\nContent-Length: {MAX_BODY_BYTES + 1}\n"
    assert " 413 " in serving.raw(head + "\n")  # not a byte of the body was sent
    assert " 413 " in serving.raw(head + "Expect: 100-continue\n\n")
    wrong = head.replace(serving.secret, "wrong")
    assert " 403 " in serving.raw(wrong + "Expect: 100-continue\n\n")


def test_a_body_that_hides_its_length_is_cut_off(serving: WebhookServing) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {serving.secret}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", serving.port), timeout=15) as line:
        line.sendall(head.encode())
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        for _ in range(17):
            line.sendall(chunk)
        assert b" 413 " in line.recv(200).splitlines()[0]


def test_a_body_at_the_limit_is_taken_and_expect_is_answered(serving: WebhookServing) -> None:
    update = message(900_010, 73)
    padding = MAX_BODY_BYTES - len(posted({**update, "pad": ""}))
    body = posted({**update, "pad": "x" * padding})
    assert len(body) == MAX_BODY_BYTES
    assert serving.post(body) == 200
    assert serving.post(posted(message(900_011, 73)), headers={"Expect": "100-continue"}) in (100, 200)
    head = (
        f"POST {PATH} HTTP/1.1\nHost: x\n{SECRET_HEADER}: {serving.secret}\nContent-Length: 2\nExpect: 100-continue\n\n"
    )
    assert " 100 " in serving.raw(head)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"{}",
        b'{"update_id":"1"}',
        b'{"update_id":true}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_is_no_update_is_stepped_over(serving: WebhookServing, body: bytes) -> None:
    assert serving.post(body) == 200
    assert serving.is_running


@pytest.mark.parametrize(
    "part",
    [{"message": None}, {"message": {}}, {"callback_query": 1}, {"message": {"chat": {"id": "x"}}}, {"poll": {}}],
)
def test_an_update_with_nothing_in_it_is_stepped_over(serving: WebhookServing, part: dict[str, Any]) -> None:
    assert serving.post(posted({"update_id": 900_020, **part})) == 200


# --- taken, and only then said so ---


def test_an_update_is_answered_after_its_commit_and_a_repeat_changes_nothing(serving: WebhookServing) -> None:
    body = posted(message(900_030, 74))
    assert serving.post(body) == 200
    assert serving.taken().count("900030") == 1
    assert serving.post(body) == 200
    assert serving.taken().count("900030") == 1


def test_while_the_storage_is_locked_telegram_is_asked_to_try_again(serving: WebhookServing) -> None:
    held = sqlite3.connect(serving.database, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    try:
        assert serving.post(posted(message(900_040, 74))) == 503
    finally:
        held.execute("ROLLBACK")
        held.close()
    assert "900040" not in serving.taken()
    assert serving.post(posted(message(900_040, 74))) == 200
    assert "900040" in serving.taken()


def test_through_a_locked_storage_telegrams_own_retries_bring_everything(serving: WebhookServing) -> None:
    person = Person(serving.api, 75, "Bo")
    held = sqlite3.connect(serving.database, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    person.say("one")
    person.say("two")
    hook = serving.api.outlet.webhook
    assert hook is not None
    serving.api.wait_until(lambda: "503" in hook.last_error, 20, "a 503")
    held.execute("ROLLBACK")
    held.close()
    serving.api.settled(30)
    assert serving.api.pending_updates() == []


def test_updates_that_wait_together_are_all_taken(serving: WebhookServing) -> None:
    from concurrent.futures import ThreadPoolExecutor

    numbers = list(range(900_100, 900_140))
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: serving.post(posted(message(n, 800 + n % 7))), numbers))
    assert answers == [200] * len(numbers)
    assert {str(n) for n in numbers} <= set(serving.taken())


def test_a_kill_loses_nothing(serving: WebhookServing) -> None:
    person = Person(serving.api, 76, "Cy")
    person.say("before")
    serving.api.settled(20)
    serving.kill()
    person.say("while it was dead")
    serving.start()
    serving.api.settled(30)
    assert serving.api.pending_updates() == []


def test_it_ends_well_and_polling_says_how_to_give_the_webhook_up(serving: WebhookServing) -> None:
    assert serving.stop() == 0
    refused = serving.command("serve", check=False)
    assert refused.returncode == 1
    assert "stemwise serve --webhook off" in refused.stderr
    polling = Serving(serving.api, serving.folder)
    polling.log = (serving.folder / "poll.log").open("ab")
    polling._process = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve", "--webhook", "off"],
        env=serving.environment,
        cwd=serving.folder,
        stdout=polling.log,
        stderr=polling.log,
    )
    serving.api.next_poll(30)
    assert serving.api.outlet.webhook is None
    assert polling.stop() == 0
    serving.start()


def test_a_request_that_breaks_leaves_a_line_and_no_trace(serving: WebhookServing) -> None:
    known = f"POST {PATH} HTTP/1.1\nHost: x\n{SECRET_HEADER}: {serving.secret}\n"
    for head in (
        "POST /x HTTP/1.1\nHost: x\nContent-Length: many\n\n",
        "POST /x HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\nzz\nhello\n",
        f"GET /x HTTP/1.1\nHost: x\nX-Long: {'hello' * 4000}\n\n",
        f"{known}Content-Encoding: gzip\nContent-Length: 5\n\nhello",
    ):
        assert " 400 " in serving.raw(head) + " "
    with socket.create_connection(("127.0.0.1", serving.port)) as line:
        line.sendall(f"{known}Content-Length: 50\n\nhello".replace("\n", "\r\n").encode())
    assert serving.post(posted(message(9_900_001, 77))) == 200
    log = serving.folder.joinpath("serve.log").read_text()
    assert "a request broke: " in log
    assert "Traceback" not in log
    assert "hello" not in log


def test_neither_token_nor_secret_nor_words_stand_in_the_log(serving: WebhookServing) -> None:
    time.sleep(0.2)
    log = serving.folder.joinpath("serve.log").read_text()
    for word in (serving.api.token, serving.secret, "Robin", "while it was dead", "hello"):
        assert word not in log


# --- the options ---


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--webhook", "http://example.org/x"], "--webhook"),
        (["--webhook", "https://"], "--webhook"),
        (["--webhook", "nonsense"], "--webhook"),
        (["--webhook", "https://user:pw@example.org/x"], "--webhook"),
        (["--webhook", "https://[::1"], "--webhook"),
        (["--webhook", "https://example.org/x?y=1"], "--webhook"),
        (["--webhook", "https://example.org/x", "--listen", "8080"], "--listen"),
        (["--webhook", "https://example.org/x", "--listen", "x:99999"], "--listen"),
        (["--webhook", "https://example.org/x", "--listen", "x:٣"], "--listen"),
        (["--listen", "127.0.0.1:8080"], "--listen"),
    ],
)
def test_a_wrong_option_is_named(
    arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from bot.cli import main

    monkeypatch.setenv("STEMWISE_TOKEN", "1234:x")
    monkeypatch.setenv("STEMWISE_HOME", str(tmp_path / "h"))
    monkeypatch.setenv("STEMWISE_KEY_FILE", str(tmp_path / "k"))
    assert main(["serve", *arguments]) == 2
    line = capsys.readouterr().err
    assert says in line
    assert "pw" not in line
    assert not (tmp_path / "k").exists()


def test_options_are_read() -> None:
    assert read_listening("https://a.org/x/y", "[::1]:80") == Listening("https://a.org/x/y", "::1", 80)
    assert read_listening("https://a.org", ":8080").path == "/"
    assert read_listening("https://a.org", ":8080").host == "127.0.0.1"


def test_a_port_that_is_taken_is_named(serving: WebhookServing) -> None:
    done = serving.command(*serving.arguments, check=False)
    assert done.returncode == 1
    assert f"--listen 127.0.0.1:{serving.port}: cannot listen there" in done.stderr
