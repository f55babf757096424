"""A local Bot API server: it checks what the real one checks, and breaks when told to.

>>> from support.bot_api import BotApi
>>> with BotApi() as api:
...     api.url.startswith("http://127.0.0.1:")
True
"""

from .faults import Fault, Storm
from .server import TEST_TOKEN, BotApi
from .world import CallbackQuery, Chat, Message, RequestRecord

__all__ = ["TEST_TOKEN", "BotApi", "CallbackQuery", "Chat", "Fault", "Message", "RequestRecord", "Storm"]
