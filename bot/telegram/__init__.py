"""Telegram as a channel: updates become events at the door, views become messages; one sender owns every outgoing call."""
