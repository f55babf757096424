"""Channels (terminal, Telegram) and commands. No rule of the interview stands here."""
