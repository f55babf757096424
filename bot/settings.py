"""Settings from the environment or a `.env` file, prefix `STEMWISE_`; nothing else in the program reads the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from scoring.documents.blocks import Paper

APP = "stemwise"


class SettingsError(Exception):
    """A setting that cannot be used; the message names it and the remedy."""


class Settings(BaseSettings):
    """All of them have a default that works; a token or key file's content never stands in a message."""

    model_config = SettingsConfigDict(
        env_prefix="STEMWISE_", env_file=".env", extra="ignore", hide_input_in_errors=True
    )

    token: SecretStr | None = None
    api_url: str = "https://api.telegram.org"
    database_url: str | None = None
    home: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir(APP)))
    key_file: Path = Field(default_factory=lambda: Path(platformdirs.user_config_dir(APP)) / "key")
    country: str | None = None
    retention_days: int | None = Field(default=None, ge=1)
    timezone: str | None = None
    invite_days: int = Field(default=7, ge=1, le=90)
    paper: Paper = "A4"
    sends_per_second: float = Field(default=30, gt=0, le=1000)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError):
                raise ValueError("is not a time zone; write one like Europe/Madrid") from None
        return value or None

    @field_validator("paper", mode="before")
    @classmethod
    def _known_paper(cls, value: str) -> str:
        paper = {"": "A4", "a4": "A4", "letter": "Letter"}.get(value.strip().casefold())
        if paper is None:
            raise ValueError("is no paper size; write A4 or Letter")
        return paper

    @property
    def zone(self) -> ZoneInfo | None:
        """The clinic's time zone; `None` is the system's."""
        return ZoneInfo(self.timezone) if self.timezone else None

    @property
    def url(self) -> str:
        """The database's address: SQLite in the data folder unless told otherwise."""
        return self.database_url or f"sqlite:///{self.home / 'stemwise.db'}"

    @property
    def results_folder(self) -> Path:
        return self.home / "results"


def read_settings() -> Settings:
    """The settings in force.

    Raises
    ------
    SettingsError
        Naming the first setting that is wrong, without its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors()[0]
        name = "STEMWISE_" + "_".join(str(part) for part in fault["loc"]).upper()
        raise SettingsError(f"{name}: {fault['msg'].removeprefix('Value error, ')}") from None
