"""The local Bot API server and the people at their phones, driven by the real library."""

from __future__ import annotations

import asyncio
import json
import struct
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    MessageEntity,
    ReplyKeyboardRemove,
    Update,
)
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.bot_api import BotApi
from support.bot_api.entities import TEXT_LIMIT, finished, parse_html, parsed
from support.bot_api.errors import NOT_MODIFIED, QUERY_TOO_OLD, ApiError
from support.people import Person

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", 640, 480) + b"....IEND...."


@pytest.fixture
def api() -> Iterator[BotApi]:
    with BotApi() as server:
        yield server


@pytest.fixture
def ada(api: BotApi) -> Person:
    """Somebody who has written to the bot; the update is confirmed."""
    person = Person(api, 501, "Ada", username="ada")
    person.say("/start")
    api.world.updates.clear()
    return person


def run(api: BotApi, work: Callable[[Bot], Awaitable[Any]], token: str = "", read_timeout: float = 5.0) -> Any:
    """Do `work` with a real bot, in an event loop of its own."""

    async def whole() -> Any:
        local = {"trust_env": False, "verify": False}
        lines = [HTTPXRequest(read_timeout=read_timeout, httpx_kwargs=local) for _ in range(2)]
        bot = Bot(
            token or api.token,
            base_url=f"{api.url}/bot",
            base_file_url=f"{api.url}/file/bot",
            get_updates_request=lines[0],
            request=lines[1],
        )
        try:
            return await work(bot)
        finally:
            for line in lines:
                await line.shutdown()

    return asyncio.run(whole())


def post(api: BotApi, method: str, **params: Any) -> dict[str, Any]:
    """Call a method with a JSON body, past the library's own checks."""
    with httpx.Client(trust_env=False, timeout=5) as client:
        return client.post(f"{api.url}/bot{api.token}/{method}", json=params).json()


def keys(*rows: list[str]) -> InlineKeyboardMarkup:
    """Buttons whose data are their labels in lower case."""
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(text, callback_data=text.lower()) for text in row] for row in rows]
    )


def raw_keys(*buttons: Any) -> dict[str, Any]:
    return {"inline_keyboard": [list(buttons)]}


def send(api: BotApi, text: str = "Question", **options: Any) -> Message:
    """A message to Ada."""
    return run(api, lambda bot: bot.send_message(501, text, **options))


@contextmanager
def polling(api: BotApi, handle: Callable[[Bot, Update], Awaitable[None]]) -> Iterator[None]:
    """A bot with a loop like ours: take a batch, handle it, confirm it with the next poll."""
    stop = threading.Event()

    async def loop(bot: Bot) -> None:
        offset = 0
        while not stop.is_set():
            try:
                for update in await bot.get_updates(offset, timeout=1):
                    await handle(bot, update)
                    offset = update.update_id + 1
            except TelegramError:
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=lambda: run(api, loop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


async def counter(bot: Bot, update: Update) -> None:
    """A small bot: a number that goes up by a tap, in one live message."""
    if update.callback_query:
        query = update.callback_query
        await query.answer()
        await bot.edit_message_text(
            f"Counted {query.data}",
            update.effective_chat.id,
            query.message.message_id,
            reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("More", callback_data=str(int(query.data) + 1))]]),
        )
    elif update.message:
        markup = InlineKeyboardMarkup([[InlineKeyboardButton("More", callback_data="1")]])
        await bot.send_message(update.effective_chat.id, "Counted 0", reply_markup=markup)


# The door


def test_the_real_library_introduces_itself(api: BotApi) -> None:
    me = run(api, lambda bot: bot.get_me())
    assert (me.id, me.username, me.is_bot) == (123456, "stemwise_bot", True)
    assert [record.method for record in api.requests] == ["getMe"]


def test_a_wrong_token_is_unauthorized_and_an_unknown_method_not_found(api: BotApi) -> None:
    with pytest.raises(InvalidToken):
        run(api, lambda bot: bot.get_me(), token="123456:OTHER")
    with httpx.Client(trust_env=False) as client:
        answer = client.get(f"{api.url}/bot123456:OTHER/getMe")
        assert answer.status_code == 401
        assert answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    assert post(api, "sendPigeon") == {"ok": False, "error_code": 404, "description": "Not Found"}
    assert api.calls("sendPigeon")[0].status == 404


def test_get_form_multipart_and_json_mean_the_same(api: BotApi, ada: Person) -> None:
    address = f"{api.url}/bot{api.token}/sendMessage"
    markup = json.dumps(raw_keys({"text": "A", "callback_data": "a"}))
    params = {"chat_id": "501", "text": "Hello", "reply_markup": markup, "protect_content": "true"}
    with httpx.Client(trust_env=False) as client:
        client.get(address, params=params)
        client.post(address, data=params)
        client.post(address, data=params, files={"unused": ("x.txt", b"x")})
        client.post(
            address, json={**params, "chat_id": 501, "reply_markup": json.loads(markup), "protect_content": True}
        )
    shown = ada.messages()
    assert len(shown) == 4
    assert all(one.labels() == ["A"] and one.protect_content and one["text"] == "Hello" for one in shown)
    assert all(record.params == api.requests[0].params for record in api.requests)


def test_close_is_taken_and_log_out_ends_the_service(api: BotApi) -> None:
    assert run(api, lambda bot: bot.close())
    assert run(api, lambda bot: bot.log_out())
    with pytest.raises(BadRequest, match="Logged out"):
        run(api, lambda bot: bot.get_me())


def test_it_can_stop_and_come_back_at_the_same_address(api: BotApi, ada: Person) -> None:
    address = api.url
    api.stop()
    with pytest.raises(NetworkError):
        send(api)
    api.start()
    assert api.url == address
    send(api)
    assert len(ada.messages()) == 1


# What a message must be


def test_length_counts_utf16_units_after_parsing(api: BotApi, ada: Person) -> None:
    send(api, f"<b>{'😀' * 2048}</b>", parse_mode="HTML")
    with pytest.raises(BadRequest, match="Message is too long"):
        send(api, "😀" * 2048 + "x")
    with pytest.raises(BadRequest, match="Message text is empty"):
        send(api, "")
    with pytest.raises(BadRequest, match="Text must be non-empty"):
        send(api, " \n ")
    with pytest.raises(BadRequest, match="Message caption is too long"):
        run(api, lambda bot: bot.send_photo(501, PNG, caption="x" * 1025))
    assert len(ada.messages()) == 1


@pytest.mark.parametrize(
    ("entity", "reason"),
    [
        (("bold", 0, 3), "ends after the end of the text at UTF-16 offset 3"),
        (("bold", 1, 1), "begins in a middle of a UTF-16 symbol at byte offset 4"),
        (("bold", 0, 1), "ends in a middle of a UTF-16 symbol at byte offset 4"),
        (("bold", -1, 1), "negative offset"),
        (("shiny", 0, 2), "Unsupported type specified"),
    ],
)
def test_entities_lie_on_whole_characters(api: BotApi, ada: Person, entity: tuple[str, int, int], reason: str) -> None:
    kind, offset, length = entity
    refused = post(
        api, "sendMessage", chat_id=501, text="😀", entities=[{"type": kind, "offset": offset, "length": length}]
    )
    assert refused["error_code"] == 400
    assert reason in refused["description"]


def test_good_entities_are_kept_and_spaces_around_are_not(api: BotApi, ada: Person) -> None:
    sent = send(api, "  😀 bold  ", entities=[MessageEntity("bold", 5, 6)])
    assert (sent.text, [(one.offset, one.length) for one in sent.entities]) == ("😀 bold", [(3, 4)])


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("🏟 🏟&lt;<abacaba", "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;<abac>", 'Unsupported start tag "abac" at byte offset 13'),
        ("🏟 🏟&lt;<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 13'),
        ("🏟 🏟&lt;</b>", "Unexpected end tag at byte offset 13"),
        ("🏟 🏟&lt;<i>a</i   ", "Unclosed end tag at byte offset 17"),
        ("🏟 🏟&lt;<i>a</em >", 'Unmatched end tag at byte offset 17, expected "</i>", found "</em>"'),
        ("a <b>b", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
    ],
)
def test_html_is_refused_with_the_real_words(api: BotApi, ada: Person, source: str, reason: str) -> None:
    refused = post(api, "sendMessage", chat_id=501, text=source, parse_mode="HTML")
    assert refused["description"] == f"Bad Request: can't parse entities: {reason}"


def test_html_gives_text_and_entities() -> None:
    text, entities = parse_html('🏟<i>a &gt;<b x="y">&#60;🏟</b></i> <a href="https://e.org/?a=1&amp;b">link</a> &copy;')
    assert text == "🏟a ><🏟 link &copy;"
    assert entities == [
        {"type": "italic", "offset": 2, "length": 6},
        {"type": "bold", "offset": 5, "length": 3},
        {"type": "text_link", "offset": 9, "length": 4, "url": "https://e.org/?a=1&b"},
    ]
    code = parse_html('<pre><code class="language-py">x</code></pre><blockquote expandable>q</blockquote>')[1]
    assert code[0] == {"type": "pre", "offset": 0, "length": 1, "language": "py"}
    assert code[1]["type"] == "expandable_blockquote"
    assert parse_html("<b></b>") == ("", [])


def test_markdown_is_parsed_and_refused_with_the_real_words() -> None:
    for mark in "]()>#+-=|{}.!":
        text = f"a{mark}"
        with pytest.raises(ApiError, match="is reserved and must be escaped with the preceding"):
            parsed(text, "MarkdownV2")
        assert parsed(f"a\\{mark}", "MarkdownV2") == (text, [])
    for source, reason in {
        "🏟 🏟_abacaba": "Can't find end of Italic entity at byte offset 9",
        "🏟 🏟_abac * asd ": "Can't find end of Bold entity at byte offset 15",
        "🏟 🏟```a ": "Can't find end of PreCode entity at byte offset 9",
        "🏟 🏟__🏟 🏟_": "Can't find end of Italic entity at byte offset 20",
        "[telegram\\.org](asd\\)": "Can't find end of a URL at byte offset 16",
    }.items():
        with pytest.raises(ApiError) as refused:
            parsed(source, "MarkdownV2")
        assert refused.value.description == f"Bad Request: can't parse entities: {reason}"
    text, entities = parsed("*a _b __c___* ||d|| `*e` [f](https://e.org/\\))\n>q\n>r\ns", "MarkdownV2")
    assert text == "a b c d *e f\nq\nr\ns"
    assert [(one["type"], one["offset"], one["length"]) for one in entities] == [
        ("bold", 0, 5),
        ("italic", 2, 3),
        ("underline", 4, 1),
        ("spoiler", 6, 1),
        ("code", 8, 2),
        ("text_link", 11, 1),
        ("blockquote", 13, 4),
    ]
    assert entities[5]["url"] == "https://e.org/)"
    with pytest.raises(ApiError, match="unsupported parse_mode"):
        parsed("x", "XML")


def test_text_at_the_limit_passes_and_one_more_unit_does_not() -> None:
    assert finished("x" * TEXT_LIMIT + "  ", [], TEXT_LIMIT)[0] == "x" * TEXT_LIMIT
    with pytest.raises(ApiError, match="message is too long"):
        finished("x" * (TEXT_LIMIT + 1), [], TEXT_LIMIT)


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        (raw_keys({"text": "A", "callback_data": "x" * 65}), "BUTTON_DATA_INVALID"),
        (raw_keys({"text": "A", "callback_data": "ü" * 33}), "BUTTON_DATA_INVALID"),
        (raw_keys({"text": "A", "callback_data": ""}), "Text buttons are unallowed in the inline keyboard"),
        (raw_keys({"text": "A"}), "Text buttons are unallowed in the inline keyboard"),
        (raw_keys({"text": " ", "callback_data": "a"}), "text must be non-empty"),
        (raw_keys({"callback_data": "a"}), 'Can\'t find field "text"'),
        (raw_keys({"text": "A", "callback_data": "a", "url": "https://e.org"}), "exactly one action"),
        (raw_keys({"text": "A", "url": "nothing"}), "is invalid: Wrong HTTP URL"),
        (raw_keys("A"), "must be an Object"),
        ({"inline_keyboard": "A"}, "Array of Arrays"),
        (raw_keys(*[{"text": "A", "callback_data": "a"}] * 9), "reply markup is too long"),
        ({"inline_keyboard": [[{"text": "A", "callback_data": "a"}] * 8] * 13}, "reply markup is too long"),
        ("{broken", "object expected as reply markup"),
    ],
)
def test_a_keyboard_that_is_not_well_formed_is_refused(api: BotApi, ada: Person, markup: Any, reason: str) -> None:
    refused = post(api, "sendMessage", chat_id=501, text="x", reply_markup=markup)
    assert refused["error_code"] == 400
    assert reason in refused["description"]
    assert not ada.messages()


def test_64_bytes_of_data_8_buttons_a_row_and_other_markups_pass(api: BotApi, ada: Person) -> None:
    send(api, reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("A", callback_data="x" * 64)] * 8] * 12))
    send(api, reply_markup=ReplyKeyboardRemove())
    send(api, reply_markup=InlineKeyboardMarkup([]))
    assert len(ada.messages()) == 3
    assert ada.live() is ada.messages()[0]


# Whom the bot may write to


def test_strangers_and_those_who_blocked_are_out_of_reach(api: BotApi, ada: Person) -> None:
    Person(api, 502, "Bo")
    for chat, error, words in ((999, BadRequest, "Chat not found"), (502, Forbidden, "can't initiate conversation")):
        with pytest.raises(error, match=words):
            run(api, lambda bot, chat=chat: bot.send_message(chat, "Hi"))
    ada.block()
    with pytest.raises(Forbidden, match="Forbidden: bot was blocked by the user"):
        send(api)
    ada.unblock()
    send(api)
    statuses = [one["my_chat_member"]["new_chat_member"]["status"] for one in api.pending_updates()]
    assert statuses == ["kicked", "member"]


def test_a_group_adds_the_bot_and_the_bot_leaves(api: BotApi, ada: Person) -> None:
    group = ada.in_group(-100777, "School")
    group.say("hello all")
    updates = run(api, lambda bot: bot.get_updates())
    assert updates[0].my_chat_member.new_chat_member.status == "member"
    assert updates[1].message.new_chat_members[0].id == 123456
    assert updates[2].message.chat.type == "supergroup"
    run(api, lambda bot: bot.send_message(-100777, "Private chats only"))
    assert group.last().text == "Private chats only"
    run(api, lambda bot: bot.leave_chat(-100777))
    with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
        run(api, lambda bot: bot.send_message(-100777, "Again"))
    ada.in_group(-100777).remove_bot()
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        run(api, lambda bot: bot.send_message(-100777, "Again"))
    assert run(api, lambda bot: bot.get_chat(501)).first_name == "Ada"


# Editing and deleting


def test_editing_changes_the_message_and_says_what_does_not_change(api: BotApi, ada: Person) -> None:
    sent = send(api, "One", reply_markup=keys(["A"]))

    def edit(text: str, **options: Any) -> Any:
        return run(api, lambda bot: bot.edit_message_text(text, 501, sent.message_id, **options))

    with pytest.raises(BadRequest) as refused:
        edit("One ", reply_markup=keys(["A"]))
    assert refused.value.message.lower() == NOT_MODIFIED
    assert edit("Two", reply_markup=keys(["A"])).text == "Two"
    assert edit("Two").reply_markup is None
    run(api, lambda bot: bot.edit_message_reply_markup(501, sent.message_id, reply_markup=keys(["B"], ["C"])))
    message = ada.message(sent.message_id)
    assert (message.edited, message.labels(), message.contents) == (3, ["B", "C"], ["One", "Two"])
    assert [[row[0]["text"] for row in keyboard] for keyboard in message.keyboards] == [["A"], ["B", "C"]]


def test_what_cannot_be_edited_says_why(api: BotApi, ada: Person) -> None:
    photo = run(api, lambda bot: bot.send_photo(501, PNG, caption="Map"))
    text = send(api)
    theirs = ada.say("mine")

    def refused(method: str, **params: Any) -> str:
        return post(api, method, chat_id=501, **params)["description"].removeprefix("Bad Request: ")

    numbers = {"photo": photo.message_id, "text": text.message_id, "theirs": theirs.message_id}
    assert refused("editMessageText", message_id=numbers["photo"], text="x") == (
        "there is no text in the message to edit"
    )
    assert refused("editMessageCaption", message_id=numbers["text"], caption="x") == (
        "there is no caption in the message to edit"
    )
    assert refused("editMessageText", message_id=numbers["theirs"], text="x") == "message can't be edited"
    assert refused("editMessageText", message_id=987, text="x") == "message to edit not found"
    assert refused("editMessageText", text="x") == "message identifier is not specified"
    run(api, lambda bot: bot.edit_message_caption(501, numbers["photo"], caption="Better map"))
    assert ada.photos()[0].caption == "Better map"
    ada.clear_chat()
    assert refused("editMessageText", message_id=numbers["text"], text="x") == "message to edit not found"
    assert ada.messages() == []


def test_deleting_ends_after_48_hours_and_editing_does_not(api: BotApi, ada: Person) -> None:
    theirs = ada.say("something private")
    old = send(api, "Old")
    assert run(api, lambda bot: bot.delete_message(501, theirs.message_id))
    with pytest.raises(BadRequest, match="Message to delete not found"):
        run(api, lambda bot: bot.delete_message(501, theirs.message_id))
    api.advance(48 * 3600 + 1)
    new = send(api, "New")
    with pytest.raises(BadRequest, match="Message can't be deleted for everyone"):
        run(api, lambda bot: bot.delete_message(501, old.message_id))
    run(api, lambda bot: bot.edit_message_text("Neutral", 501, old.message_id))
    assert run(api, lambda bot: bot.delete_messages(501, [new.message_id, 555]))
    assert [one.text for one in ada.messages()] == ["Neutral"]


# Taps


def test_a_tap_reaches_the_bot_with_its_message_and_is_answered_once(api: BotApi, ada: Person) -> None:
    sent = send(api, "Question", reply_markup=keys(["Yes", "No"]))
    number = ada.tap("Yes")
    update = run(api, lambda bot: bot.get_updates())[0]
    assert (update.callback_query.id, update.callback_query.data) == (number, "yes")
    assert update.callback_query.message.message_id == sent.message_id
    assert update.callback_query.message.text == "Question"
    assert [query.label for query in ada.unanswered()] == ["Yes"]
    with pytest.raises(AssertionError, match=r"\[Yes\] \(yes\) in chat 501"):
        api.assert_all_answered()
    run(api, lambda bot: bot.answer_callback_query(number, "Fine"))
    assert (api.callback_queries[number].state, api.callback_queries[number].text) == ("answered", "Fine")
    api.assert_all_answered()
    assert api.calls("answerCallbackQuery", chat=501)
    for again in (number, "unknown"):
        with pytest.raises(BadRequest) as refused:
            run(api, lambda bot, again=again: bot.answer_callback_query(again))
        assert refused.value.message.lower() == QUERY_TOO_OLD.lower()


def test_a_tap_that_waited_too_long_cannot_be_answered(api: BotApi, ada: Person) -> None:
    send(api, reply_markup=keys(["Yes"]))
    number = ada.tap("Yes")
    api.callback_max_age = 60
    api.advance(61)
    with pytest.raises(BadRequest, match="Query is too old"):
        run(api, lambda bot: bot.answer_callback_query(number))
    assert api.callback_queries[number].state == "too_old"
    api.assert_all_answered()


def test_people_tap_only_what_they_see(api: BotApi, ada: Person) -> None:
    first = send(api, "First", reply_markup=keys(["Yes", "Maybe"]))
    send(api, "Second", reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("Site", url="https://e.org")]]))
    send(api, "No buttons here")
    assert (ada.screen(), ada.buttons()) == ("Second", ["Site"])
    assert ada.link("Site") == "https://e.org"
    with pytest.raises(AssertionError, match=r"no button reads \[Yes\]; there are \['Site'\]"):
        ada.tap("Yes")
    with pytest.raises(AssertionError, match="is no button for the bot"):
        ada.tap("Site")
    ada.tap("Yes", message=first.message_id)
    ada.tap("may", message=first.message_id, exact=False)
    run(api, lambda bot: bot.edit_message_reply_markup(501, first.message_id))
    with pytest.raises(AssertionError, match="no button to tap"):
        ada.tap("Yes", message=first.message_id)
    ada.tap_old(first.message_id, "maybe")
    with pytest.raises(AssertionError, match="never had a button"):
        ada.tap_old(first.message_id, "Perhaps")
    run(api, lambda bot: bot.delete_message(501, first.message_id))
    ada.tap_old(first.message_id, "Yes")
    ada.forge("../etc")
    updates = run(api, lambda bot: bot.get_updates())
    assert [one.callback_query.data for one in updates] == ["yes", "maybe", "maybe", "yes", "../etc"]
    assert not updates[3].callback_query.message.is_accessible
    assert (ada.taps, ada.tap_counts["Maybe"]) == (4, 2)


def test_everything_a_person_can_send_is_a_proper_update(api: BotApi, ada: Person) -> None:
    ada.say("/start c_CODE")
    ada.edit_message("/start again")
    ada.send_sticker()
    ada.send_voice()
    ada.send_contact()
    ada.send_location()
    photo = ada.send_photo(PNG, caption="look")
    ada.send_document(b"report", "r.pdf")
    updates = run(api, lambda bot: bot.get_updates())
    entity = updates[0].message.entities[0]
    assert (entity.type, entity.offset, entity.length) == ("bot_command", 0, 6)
    assert updates[0].message.from_user.language_code == "en"
    assert updates[1].edited_message.text == "/start again"
    assert updates[2].message.sticker.emoji == "👍"
    assert updates[3].message.voice.mime_type == "audio/ogg"
    assert updates[4].message.contact.phone_number == "+15550100"
    assert updates[5].message.location.latitude == 0.0
    assert updates[6].message.photo[0].width == 640
    assert updates[7].message.document.file_name == "r.pdf"

    async def fetch(bot: Bot) -> bytes:
        return bytes(await (await bot.get_file(photo.file.file_id)).download_as_bytearray())

    assert run(api, fetch) == PNG


# Pictures, files, commands


def test_uploads_are_kept_and_must_be_sane(api: BotApi, ada: Person) -> None:
    run(api, lambda bot: bot.send_photo(501, PNG, caption="<b>Map</b>", parse_mode="HTML", protect_content=True))
    run(api, lambda bot: bot.send_document(501, b"%PDF-", filename="report.pdf", caption="Report"))
    run(api, lambda bot: bot.send_photo(501, ada.photos()[0].file.file_id))
    assert [one.photo for one in ada.photos()] == [PNG, PNG]
    assert (ada.photos()[0].caption, ada.photos()[0].protect_content) == ("Map", True)
    assert (ada.documents()[0].document, ada.documents()[0].file_name) == (b"%PDF-", "report.pdf")
    assert api.calls("sendDocument")[0].files

    def photo(width: int, height: int, more: int = 0) -> bytes:
        return PNG[:16] + struct.pack(">II", width, height) + b"\0" * more + PNG[24:]

    for data, reason in (
        (photo(9000, 1001), "Photo_invalid_dimensions"),
        (photo(2100, 100), "Photo_invalid_dimensions"),
        (b"no picture", "Image_process_failed"),
        (photo(640, 480, 10 * 2**20), "is too big for a photo; the maximum size is 10485760 bytes"),
    ):
        with pytest.raises(BadRequest, match=f"(?i){reason}"):
            run(api, lambda bot, data=data: bot.send_photo(501, data))
    with pytest.raises(NetworkError, match="Request Entity Too Large"):
        run(api, lambda bot: bot.send_document(501, b"\0" * (50 * 2**20 + 1)), read_timeout=10)


def test_commands_are_kept_by_scope_and_language(api: BotApi, ada: Person) -> None:
    async def register(bot: Bot) -> None:
        await bot.set_my_commands([BotCommand("help", "What this is")], BotCommandScopeAllPrivateChats())
        await bot.set_my_commands([BotCommand("new", "New case")], BotCommandScopeChat(501), language_code="en")

    run(api, register)
    assert ada.commands() == ["new"]
    assert Person(api, 502, "Bo").commands() == ["help"]
    assert run(api, lambda bot: bot.get_my_commands(BotCommandScopeChat(501), "en"))[0].description == "New case"
    run(api, lambda bot: bot.delete_my_commands(BotCommandScopeChat(501), "en"))
    assert ada.commands() == ["help"]
    bad = post(api, "setMyCommands", commands=[{"command": "New", "description": "x"}])
    assert bad["description"] == "Bad Request: BOT_COMMAND_INVALID"


def test_a_chat_action_is_seen(api: BotApi, ada: Person) -> None:
    run(api, lambda bot: bot.send_chat_action(501, "upload_photo"))
    assert [action for action, _ in ada.chat.actions] == ["upload_photo"]
    assert "wrong parameter action" in post(api, "sendChatAction", chat_id=501, action="dancing")["description"]


# Updates


def test_updates_stay_until_an_offset_confirms_them(api: BotApi, ada: Person) -> None:
    for text in "abc":
        ada.say(text)

    async def polls(bot: Bot) -> list[list[str]]:
        first = await bot.get_updates(limit=2)
        again = await bot.get_updates()
        rest = await bot.get_updates(offset=first[1].update_id + 1)
        last = await bot.get_updates(offset=-1)
        return [[one.message.text for one in batch] for batch in (first, again, rest, last)]

    assert run(api, polls) == [["a", "b"], ["a", "b", "c"], ["c"], ["c"]]
    assert [one["message"]["text"] for one in api.pending_updates()] == ["c"]


def test_a_long_poll_waits_for_what_comes(api: BotApi, ada: Person) -> None:
    async def wait(bot: Bot) -> tuple[str, float]:
        began = time.monotonic()
        poll = asyncio.create_task(bot.get_updates(timeout=5))
        await asyncio.to_thread(api.next_poll, since=0)
        ada.say("here")
        return (await poll)[0].message.text, time.monotonic() - began

    text, seconds = run(api, wait)
    assert text == "here"
    assert seconds < 2


def test_only_kinds_that_were_asked_for_arrive(api: BotApi, ada: Person) -> None:
    run(api, lambda bot: bot.get_updates(allowed_updates=["callback_query"]))
    ada.say("not heard")
    send(api, reply_markup=keys(["A"]))
    ada.tap("A")
    assert [one.callback_query.data for one in run(api, lambda bot: bot.get_updates())] == ["a"]


def test_updates_are_repeated_reordered_and_spoilt_on_demand(api: BotApi, ada: Person) -> None:
    api.next_update_id = 7000
    with api.held("reversed"):
        for text in "abc":
            ada.say(text)
        assert api.pending_updates() == []
    assert [one["update_id"] for one in api.pending_updates()] == [7002, 7001, 7000]
    with httpx.Client(trust_env=False) as client:

        def batch(offset: int) -> list[Any]:
            return client.get(f"{api.url}/bot{api.token}/getUpdates", params={"offset": offset}).json()["result"]

        assert batch(7003) == []
        api.redeliver(7001, copies=2)
        assert [one["update_id"] for one in batch(7003)] == [7001, 7001]
        assert batch(7003) == []
        api.push_raw({"message": {"no": "fields"}})
        api.push_raw({"message": 1}, assign_id=False)
        api.push_raw("not an object")
        assert batch(7003) == [{"update_id": 7003, "message": {"no": "fields"}}, {"message": 1}, "not an object"]
        assert batch(7006) == []


def test_a_second_poller_ends_the_first_with_409(api: BotApi) -> None:
    async def both(bot: Bot) -> None:
        first = asyncio.create_task(bot.get_updates(timeout=5))
        await asyncio.to_thread(api.next_poll, since=0)
        await bot.get_updates(timeout=0)
        with pytest.raises(Conflict, match="terminated by other getUpdates request; make sure that only one bot"):
            await first

    run(api, both)
    assert sorted(record.status for record in api.calls("getUpdates")) == [200, 409]


def test_polls_can_be_broken_like_any_request(api: BotApi, ada: Person) -> None:
    ada.say("still here")
    api.fault("getUpdates", 409, description="Conflict: terminated by other getUpdates request")
    api.fault("getUpdates", "applied_but_dropped")
    api.fault("getUpdates", "bad_json")
    for error in (Conflict, NetworkError, TelegramError):
        with pytest.raises(error):
            run(api, lambda bot: bot.get_updates())
    assert run(api, lambda bot: bot.get_updates())[0].message.text == "still here"


def test_a_poller_whose_line_broke_is_no_second_poller(api: BotApi, ada: Person) -> None:
    with pytest.raises(TimedOut):
        run(api, lambda bot: bot.get_updates(timeout=4, read_timeout=-3.8))  # the library adds the two
    api.wait_until(lambda: not api.outlet.waiting)
    ada.say("kept")
    assert run(api, lambda bot: bot.get_updates())[0].message.text == "kept"


def test_a_webhook_gets_what_polling_is_refused(api: BotApi, ada: Person) -> None:
    seen: list[tuple[int, str]] = []

    async def take(request: web.Request) -> web.Response:
        update = await request.json()
        seen.append((update["update_id"], request.headers["X-Telegram-Bot-Api-Secret-Token"]))
        return web.Response(status=500 if len(seen) == 1 else 200)

    async def whole(bot: Bot) -> None:
        app = web.Application()
        app.router.add_post("/hook", take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        await bot.set_webhook(address, secret_token="s3cret")
        with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
            await bot.get_updates()
        number = ada.say("posted").message_id
        await asyncio.to_thread(api.settled)
        assert number
        assert len(seen) == 2
        assert seen[0] == seen[1]
        assert seen[0][1] == "s3cret"
        info = await bot.get_webhook_info()
        assert (info.url, info.pending_update_count) == (address, 0)
        assert info.last_error_message.startswith("Wrong response from the webhook: 500")
        await bot.delete_webhook()
        assert await bot.get_updates() == ()
        await runner.cleanup()

    run(api, whole)
    assert "HTTPS URL must be provided" in post(api, "setWebhook", url="http://e.org/x")["description"]


# Faults


def test_scripted_statuses_meet_the_requests_they_are_meant_for(api: BotApi, ada: Person) -> None:
    Person(api, 502, "Bo").say("hi")
    api.fault("sendMessage", 429, chat=502, retry_after=7)
    api.fault("sendMessage", 502, after=1)
    api.fault("sendMessage", 400, after=1, description="Bad Request: message thread not found")
    send(api, "first")
    with pytest.raises(RetryAfter) as refused:
        run(api, lambda bot: bot.send_message(502, "x"))
    assert int(getattr(refused.value.retry_after, "seconds", refused.value.retry_after)) == 7
    with pytest.raises(NetworkError, match="Bad Gateway"):
        send(api)
    with pytest.raises(BadRequest, match="thread not found"):
        send(api)
    send(api, "last")
    run(api, lambda bot: bot.send_message(502, "too early"))
    assert [one.text for one in ada.messages()] == ["first", "last"]
    assert [record.status for record in api.calls("sendMessage")] == [200, 429, 502, 400, 200, 200]
    assert [record.early for record in api.calls("sendMessage")] == [False] * 5 + [True]


def test_a_429_can_hold_the_chat_until_its_time_is_over(api: BotApi, ada: Person) -> None:
    api.fault("sendMessage", 429, chat=501, retry_after=30, enforce=True)
    for _ in range(2):
        with pytest.raises(RetryAfter):
            send(api)
    api.advance(31)
    send(api)
    assert len(ada.messages()) == 1


def test_lines_break_before_and_after_the_request_takes_effect(api: BotApi, ada: Person) -> None:
    api.fault("sendMessage", "drop")
    with pytest.raises(NetworkError):
        send(api, "lost")
    assert ada.messages() == []
    api.fault("sendMessage", "applied_but_dropped")
    with pytest.raises(NetworkError):
        send(api, "arrived")
    assert [one.text for one in ada.messages()] == ["arrived"]
    assert [(record.status, record.fault) for record in api.calls("sendMessage")] == [
        (None, "drop"),
        (None, "applied_but_dropped"),
    ]


def test_slow_silent_and_garbled_answers(api: BotApi, ada: Person) -> None:
    api.fault("sendMessage", "slow", seconds=0.2)
    began = time.monotonic()
    send(api, "slow")
    assert time.monotonic() - began >= 0.2
    api.fault("sendMessage", "timeout", seconds=5, applied=True)
    with pytest.raises(TimedOut):
        run(api, lambda bot: bot.send_message(501, "silent", read_timeout=0.2))
    api.fault("sendMessage", "bad_json")
    with pytest.raises(TelegramError, match="Invalid server response"):
        send(api, "garbled")
    assert [one.text for one in ada.messages()] == ["slow", "silent"]
    api.fault("sendMessage", "drop", times=None)
    api.calm()
    send(api, "calm")
    with pytest.raises(ValueError, match="no fault is called"):
        api.fault("sendMessage", "earthquake")


def test_a_storm_is_the_same_for_the_same_seed(ada: Person, api: BotApi) -> None:
    def weather(seed: int) -> list[str]:
        before = len(api.requests)
        api.storm({"sendMessage": 0.5}, seed, kinds=("500", "drop", "bad_json"))
        for number in range(20):
            try:
                send(api, str(number))
            except TelegramError:
                continue
        api.calm()
        return [record.fault for record in api.requests[before:]]

    assert weather(3) == weather(3)
    assert weather(3) != weather(4)
    assert 3 < len([fault for fault in weather(5) if fault]) < 17


def test_strict_pacing_refuses_a_burst() -> None:
    with BotApi(strict_pacing=True, burst=3) as api:
        Person(api, 501, "Ada").say("hi")
        for _ in range(3):
            send(api)
        with pytest.raises(RetryAfter):
            send(api)
        api.advance(2)
        send(api)


# The whole


def test_a_person_walks_through_a_bot_that_polls(api: BotApi, ada: Person) -> None:
    with polling(api, counter):
        ada.say("/start")
        ada.settled()
        assert ada.screen() == "Counted 0"
        for number in range(1, 6):
            ada.tap("More")
            ada.settled()
            assert ada.screen() == f"Counted {number}"
        mark = api.polls
        ada.tap("More", within=1)
        api.next_poll(since=mark)
        ada.wait_until(lambda: ada.screen() == "Counted 6")
        ada.settled()
    api.assert_all_answered()
    assert (ada.taps, len(ada.messages()), ada.live().edited) == (6, 1, 6)


def test_a_bot_that_never_answers_is_reported_with_what_the_chat_showed(api: BotApi, ada: Person) -> None:
    async def deaf(bot: Bot, update: Update) -> None:
        """Does nothing at all."""

    send(api, "Can you hear me?", reply_markup=keys(["Hello"]))
    with polling(api, deaf):
        ada.tap("Hello")
        with pytest.raises(AssertionError) as failure:
            ada.settled(timeout=0.3)
        ada.settled(answered=False)
    for words in ("unanswered taps: ['Hello']", "Can you hear me?", "[Hello]", "last requests:", "sendMessage → 200"):
        assert words in str(failure.value)
    with pytest.raises(AssertionError, match="never was a unicorn"):
        ada.wait_until(lambda: False, 0.05, "there never was a unicorn")


def test_settled_waits_for_slow_requests_and_unconfirmed_updates(api: BotApi, ada: Person) -> None:
    with polling(api, counter):
        api.fault("sendMessage", "slow", seconds=0.3)
        ada.say("go")
        ada.settled()
        assert ada.screen() == "Counted 0"
    ada.say("nobody is there")
    with pytest.raises(AssertionError, match="1 updates not confirmed"):
        ada.settled(timeout=0.1)
