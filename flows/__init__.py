"""Conversation, cases and storage. No channel; nothing is drawn inside a transaction."""
