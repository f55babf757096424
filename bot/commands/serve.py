"""`stemwise serve`: Telegram, by long polling."""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
from typing import Any

from bot.app import build
from bot.cli import UsageError, WorkFailed
from bot.settings import Settings


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("serve", help="serve Telegram")
    parser.set_defaults(run=run)


def run(_: argparse.Namespace, settings: Settings) -> None:
    from bot.telegram.serve import ServeFailed, Server

    if settings.token is None or not settings.token.get_secret_value():
        raise UsageError("STEMWISE_TOKEN is not set; put the token from BotFather there or in a .env file")
    quiet_libraries()
    app = build(settings)
    try:
        asyncio.run(_serve(Server, app.engine, settings))
    except ServeFailed as error:
        raise WorkFailed(str(error)) from None
    finally:
        app.close()


async def _serve(server: Any, engine: Any, settings: Settings) -> None:
    assert settings.token is not None
    await server(engine, settings.token.get_secret_value(), settings.api_url, settings.sends_per_second).run()


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
