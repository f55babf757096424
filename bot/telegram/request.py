"""The HTTP side of python-telegram-bot over aiohttp: less work a tap, and nothing of a token or an answer in a log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
from telegram import InputFile
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

DEFAULT_TIMEOUT = 15.0


class AiohttpRequest(BaseRequest):
    """One pool of connections to the Bot API.

    Parameters
    ----------
    connections : how many at most; each chat is served by one at a time
    """

    def __init__(self, connections: int = 64) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        return DEFAULT_TIMEOUT

    async def initialize(self) -> None:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections, ttl_dns_cache=300)
            self._session = aiohttp.ClientSession(connector=connector)

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        assert self._session is not None, "initialize() comes first"
        total = DEFAULT_TIMEOUT if read_timeout is BaseRequest.DEFAULT_NONE else read_timeout
        # errors carry no cause: aiohttp's hold the address, and that holds the token
        try:
            async with self._session.request(
                method, url, data=_body(request_data), timeout=aiohttp.ClientTimeout(total=total)
            ) as response:
                return response.status, await response.read()
        except TimeoutError:
            raise TimedOut from None
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(type(error).__name__) from None

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer as JSON; what cannot be read counts as a broken line, and is never logged."""
        try:
            data = json.loads(payload)
        except ValueError:
            raise NetworkError("Invalid server response") from None
        if not isinstance(data, dict):
            raise NetworkError("Invalid server response")
        return data

    async def call(
        self, base_url: str, endpoint: str, values: Mapping[str, Any], read_timeout: float | None = None
    ) -> Any:
        """A call whose answer stays plain JSON: nothing is parsed that nobody reads."""
        timeout: Any = BaseRequest.DEFAULT_NONE if read_timeout is None else read_timeout
        data: Any = Values(values)
        return await self.post(f"{base_url}/{endpoint}", data, read_timeout=timeout)


class Values:
    """Plain values of a call: texts as they are, files as uploads, everything else as JSON; `None` is left out.

    It has what `do_request` above reads of the library's `RequestData`, which is final and only made by the library.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        given = {name: value for name, value in values.items() if value is not None}
        self._files = {name: value for name, value in given.items() if isinstance(value, InputFile)}
        self._plain = {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in given.items()
            if name not in self._files
        }
        self.contains_files = bool(self._files)

    @property
    def json_parameters(self) -> dict[str, str]:
        return self._plain

    @property
    def multipart_data(self) -> Any:
        return {name: file.field_tuple for name, file in self._files.items()}


def _body(data: RequestData | None) -> Any:
    if data is None:
        return None
    if not data.contains_files:
        return data.json_parameters
    form = aiohttp.FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, content_type) in (data.multipart_data or {}).items():
        form.add_field(name, content, filename=filename, content_type=content_type)
    return form
