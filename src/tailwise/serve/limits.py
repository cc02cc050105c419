"""What one request may have, and a middleware that refuses larger bodies while they are read."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class Limits:
    """bytes: of a request, and of its files unpacked; files: in it; readers: requests that are read at a time
    queue: requests that wait or are answered, above which they get 429
    """

    bytes: int = 64 * 2**20
    files: int = 8
    queue: int = 16
    readers: int = 2

    def __post_init__(self):
        if min(self.bytes, self.files, self.queue, self.readers) < 1:
            raise ValueError("limits must be at least 1")


class TooLarge(Exception):
    """More bytes came than a request may have."""


class LimitBody:
    """An ASGI middleware: 413 for a body above the limit, whether or not its length was announced."""

    def __init__(self, app: App, most: int):
        self.app, self.most = app, most

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if announced(dict(scope["headers"]).get(b"content-length", b"")) > self.most:
            return await refuse(send, self.most)
        body = Counted(receive, self.most)

        async def answer(message: Message) -> None:
            """The application's answer, unless it is about a body that was broken off here."""
            if body.count <= self.most:
                await send(message)

        with suppress(TooLarge):
            await self.app(scope, body.receive, answer)
        if body.count > self.most:
            await refuse(send, self.most)


class Counted:
    """Receives a body, and raises TooLarge above the limit."""

    def __init__(self, receive: Receive, most: int):
        self.source, self.most, self.count = receive, most, 0

    async def receive(self) -> Message:
        message = await self.source()
        self.count += len(message.get("body", b""))
        if self.count > self.most:
            raise TooLarge
        return message


def announced(length: bytes) -> int:
    return int(length) if length.isdigit() else 0


async def refuse(send: Send, most: int) -> None:
    body = json.dumps({"detail": f"the request is too large: at most {most:,} bytes are read"}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
