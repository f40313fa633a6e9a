"""Answers of MLflow that report an error: all in MLflow's JSON, none with what is the operator's, and a 503 says when to try again."""

import json
import logging
from http import HTTPStatus
from typing import Any

from mlflow_instance.asgi import App, Message, Receive, Scope, Send
from mlflow_instance.database_errors import INTERNAL
from mlflow_instance.limits import RETRY_AFTER_SECONDS
from mlflow_instance.messages import REFUSED, is_private

_logger = logging.getLogger(__name__)

# An error's text is short; a longer body with an error's status is somebody's data and passes as it
# is.
_MOST = 256 * 1024
_TEXTS = (b"application/json", b"text/plain", b"text/html", b"application/problem+json")


class Failures:
    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        await self._app(scope, receive, _Answer(scope, send).send)


class _Answer:
    """Passes on what MLflow sends; the text of an error is held until it is whole."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._path = scope["path"]
        self._head = scope["method"] == "HEAD"
        self._send = send
        self._start: Message | None = None
        self._length: int | None = None
        self._body = bytearray()
        self._replaced = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400:
            if message["status"] == 503:
                message = {**message, "headers": _with_retry_after(message["headers"])}
            if not self._head and _is_text(message["headers"]):
                self._start = message
                self._length = _length(message["headers"])
                return
        elif message["type"] == "http.response.body":
            more = bool(message.get("more_body", False))
            if self._start is not None:
                self._body += message.get("body", b"")
                # A refusal ends after its text, when the client has stopped sending (refusal.py).
                whole = not more or len(self._body) == self._length
                if not whole and len(self._body) <= _MOST:
                    return
                start, self._start = self._start, None
                return await self._send_whole(start, more)
            if self._replaced:
                return await self._send({"type": "http.response.body", "more_body": more})
        await self._send(message)

    async def _send_whole(self, start: Message, more: bool) -> None:
        body = bytes(self._body)
        text = body.decode("utf-8", "replace")
        private = is_private(text)
        if private:
            _logger.warning(
                "not told to the client: %s answered %d: %s",
                self._path,
                start["status"],
                text[:4096],
            )
        if private or _is_default_page(start, text):
            sentence = INTERNAL[1] if start["status"] >= 500 else REFUSED
            body = _json(start["status"], sentence).encode()
            kept = [
                one
                for one in start["headers"]
                if one[0].lower() not in (b"content-type", b"content-length")
            ]
            start = {
                **start,
                "headers": [
                    *kept,
                    (b"content-type", b"application/json"),
                    (b"content-length", str(len(body)).encode()),
                ],
            }
            self._replaced = True
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


def _is_default_page(start: Message, text: str) -> bool:
    """Flask's and Starlette's own texts for an error that nothing handled."""
    return start["status"] == 500 and (
        text.startswith("<!doctype html>") or text == "Internal Server Error"
    )


def _json(status: int, message: str) -> str:
    code = {500: "INTERNAL_ERROR", 503: "TEMPORARILY_UNAVAILABLE"}.get(
        status, HTTPStatus(status).name
    )
    return json.dumps({"error_code": code, "message": message})


def _length(headers: Any) -> int | None:
    texts = [bytes(value) for name, value in headers if bytes(name).lower() == b"content-length"]
    return int(texts[0]) if len(texts) == 1 and texts[0].isdigit() else None


def _is_text(headers: Any) -> bool:
    types = [bytes(value) for name, value in headers if bytes(name).lower() == b"content-type"]
    encoded = any(bytes(name).lower() == b"content-encoding" for name, _ in headers)
    return not encoded and any(kind.startswith(_TEXTS) for kind in types)


def _with_retry_after(headers: Any) -> list[Any]:
    if any(bytes(name).lower() == b"retry-after" for name, _ in headers):
        return list(headers)
    return [*headers, (b"retry-after", str(RETRY_AFTER_SECONDS).encode())]
