"""Answers of our layer to requests that it does not pass on, in the JSON that MLflow's clients read."""

import asyncio
import json
from contextlib import suppress

from mlflow_instance.asgi import Message, Receive, Scope, Send
from mlflow_instance.limits import RETRY_AFTER_SECONDS

# A client that is still sending reads no answer before it has sent all or its connection breaks:
# what it sends is thrown away for this long.
_LINGER_SECONDS = 5.0
_CODES = {
    400: "BAD_REQUEST",
    408: "REQUEST_TIMEOUT",
    413: "INVALID_PARAMETER_VALUE",
    503: "TEMPORARILY_UNAVAILABLE",
}


async def refuse(
    scope: Scope, receive: Receive | None, send: Send, status: int, message: str
) -> None:
    """`receive` is given while the body has not come in whole."""
    start, body = _answer(scope, status, _CODES[status], message)
    if receive is None:
        await send(start)
        return await send(body)
    start["headers"].append((b"connection", b"close"))
    await send(start)
    await send({**body, "more_body": True})
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            await _throw_away(receive)
    await send({"type": "http.response.body", "body": b""})


async def tell(scope: Scope, send: Send, status: int, error_code: str, message: str) -> None:
    """An error of MLflow's, outside of its handlers."""
    for part in _answer(scope, status, error_code, message):
        await send(part)


def _answer(scope: Scope, status: int, code: str, message: str) -> tuple[Message, Message]:
    body = json.dumps({"error_code": code, "message": message}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode("ascii")),
        (b"cache-control", b"no-store"),
    ]
    # 408 and 413 name no time: MLflow's client would send a body again that can't be accepted.
    if status == 503:
        headers.append((b"retry-after", str(RETRY_AFTER_SECONDS).encode("ascii")))
    start = {"type": "http.response.start", "status": status, "headers": headers}
    body = b"" if scope["method"] == "HEAD" else body
    return start, {"type": "http.response.body", "body": body}


async def _throw_away(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return
