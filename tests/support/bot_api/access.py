"""Which chat a call is about, and whether the bot may write there."""

from __future__ import annotations

from .calls import Call
from .errors import bad_request, forbidden
from .world import Chat, World


def chat_for(world: World, call: Call, *, writing: bool = True) -> Chat:
    """The chat of ``chat_id``.

    Raises
    ------
    ApiError
        400 for none or an unknown one; 403 where the bot may not be, and, if `writing`, may not write.
    """
    number = call.params.get("chat_id")
    if number in (None, ""):
        raise bad_request("chat_id is empty")
    chat = world.chats.get(number) if isinstance(number, int) else None
    if chat is None:
        raise bad_request("chat not found")
    if chat.kind != "private" and not chat.member:
        if chat.removed == "kicked":
            raise forbidden(f"bot was kicked from the {chat.kind} chat")
        raise forbidden(f"bot is not a member of the {chat.kind} chat")
    if chat.kind == "private" and writing:
        if not chat.started:
            raise forbidden("bot can't initiate conversation with a user")
        if chat.blocked:
            raise forbidden("bot was blocked by the user")
    return chat


def chat_of(world: World, call: Call) -> int | None:
    """Id of the chat a call concerns, of the tap for an answered tap; `None` for a call without a chat."""
    number = call.params.get("chat_id")
    if isinstance(number, int):
        return number
    query = world.callback_queries.get(call.text("callback_query_id"))
    return query.chat_id if query else None
