"""`stemwise serve`: Telegram, by long polling or by webhook."""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from typing import Any

from bot.app import build
from bot.cli import UsageError, WorkFailed
from bot.settings import Settings
from flows.engine import Engine

OFF = "off"
LISTEN = "127.0.0.1:8080"


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("serve", help="serve Telegram")
    parser.add_argument("--webhook", metavar="URL", help="let Telegram post to this address; `off`: poll again")
    parser.add_argument("--listen", metavar="HOST:PORT", help=f"where posts arrive, behind a proxy with TLS ({LISTEN})")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> None:
    from bot.telegram.serve import ServeFailed

    if settings.token is None or not settings.token.get_secret_value():
        raise UsageError("STEMWISE_TOKEN is not set; put the token from BotFather there or in a .env file")
    if options.listen and options.webhook in (None, OFF):
        raise UsageError("--listen: goes with --webhook URL only; name both")
    serving = _serving(options, settings.token.get_secret_value(), settings)
    quiet_libraries()
    app = build(settings)
    try:
        asyncio.run(serving(app.engine))
    except ServeFailed as error:
        raise WorkFailed(str(error)) from None
    finally:
        app.close()


def _serving(
    options: argparse.Namespace, token: str, settings: Settings
) -> Callable[[Engine], Coroutine[Any, Any, None]]:
    """What serves, once there is an engine."""
    from bot.telegram.serve import Server
    from bot.telegram.webhook import WebhookServer, read_listening

    common = (token, settings.api_url, settings.sends_per_second)
    if options.webhook in (None, OFF):
        is_off = options.webhook == OFF

        async def poll(engine: Engine) -> None:
            await Server(engine, *common, gives_up_webhook=is_off, paper=settings.paper).run()

        return poll
    try:
        listening = read_listening(options.webhook, options.listen or LISTEN)
    except ValueError as error:
        raise UsageError(str(error)) from None

    async def listen(engine: Engine) -> None:
        await WebhookServer(engine, *common, listening, paper=settings.paper).run()

    return listen


TOKEN = re.compile(r"\d{3,}:[A-Za-z0-9_-]{20,}")


class _NoToken(logging.Filter):
    """Takes anything that looks like a bot's token out of a log line."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        cut = TOKEN.sub("[token]", text)
        if cut != text:
            record.msg, record.args = cut, None
        return True


def quiet_libraries() -> None:
    """Loggers that print addresses with the token in them stay at WARNING, whatever the log level; a filter is the second net."""
    for name in ("telegram", "httpx", "httpcore", "aiohttp", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_NoToken())
