"""What stands in Telegram's command menu, by role and language."""

from __future__ import annotations

from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat

#: For everybody who is no clinician; nothing here says what the service is about.
ANSWERING = {
    "en": (
        ("start", "Go on"),
        ("resume", "Go on where I was"),
        ("help", "How this works"),
        ("privacy", "What is kept, and where"),
        ("language", "Language"),
    ),
    "es": (
        ("start", "Seguir"),
        ("resume", "Seguir donde lo dejé"),
        ("help", "Cómo funciona"),
        ("privacy", "Qué se guarda y dónde"),
        ("language", "Idioma"),
    ),
}
CLINICIANS = (
    ("start", "Home"),
    ("new", "A new case"),
    ("cases", "My cases"),
    ("resume", "Go on where I was"),
    ("invite", "Ask a carer, a school or the person"),
    ("help", "How this works"),
    ("privacy", "What is kept, and where"),
    ("language", "Language"),
    ("erase", "Erase a case"),
)


def _menu(pairs: tuple[tuple[str, str], ...]) -> list[BotCommand]:
    return [BotCommand(name, words) for name, words in pairs]


async def register(bot: Bot) -> None:
    """The menu of whoever is no clinician, in each language."""
    everybody = BotCommandScopeAllPrivateChats()
    await bot.set_my_commands(_menu(ANSWERING["en"]), scope=everybody)
    for language, pairs in ANSWERING.items():
        if language != "en":
            await bot.set_my_commands(_menu(pairs), scope=everybody, language_code=language)


async def register_clinician(bot: Bot, chat: str) -> None:
    """The menu of a clinician, in their own chat."""
    await bot.set_my_commands(_menu(CLINICIANS), scope=BotCommandScopeChat(chat))
