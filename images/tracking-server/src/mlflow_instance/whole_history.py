"""`GET metrics/get-history` without `max_results`: all points, as MLflow documents it, but page by
page.

MLflow makes one answer of all points, whose size nothing bounds. Here the pages that MLflow itself
offers are asked for one
after the other and sent as one answer, each when the client has taken the one before.
"""

import json
import re
from urllib.parse import parse_qsl, urlencode

import anyio

from mlflow_instance.asgi import App, Message, Receive, Scope, Send
from mlflow_instance.client import end_when_gone
from mlflow_instance.turns import TOKEN_KEY
from mlflow_instance.unsent import Unsent

_PATH = re.compile(r"/(?:ajax-)?api/2\.0/mlflow/metrics/get-history/?")
# What MLflow's own client asks for at a time.
_PAGE = 25_000
# MLflow's JSON has two spaces for each level, and a line break in a text is escaped: this can't be
# inside of a point.
_START, _END = b'{\n  "metrics": [\n', b"\n  ]"
_PAGE_WITHIN_SECONDS = 300.0


class WholeHistory:
    def __init__(self, app: App, unsent: Unsent) -> None:
        self._app = app
        self._unsent = unsent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or scope["method"] != "GET"
            or not _PATH.fullmatch(scope["path"])
        ):
            return await self._app(scope, receive, send)
        query = parse_qsl(scope["query_string"].decode("ascii", "replace"), keep_blank_values=True)
        names = {name for name, _ in query}
        if "max_results" in names or "page_token" in names:
            return await self._app(scope, receive, send)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(end_when_gone, receive, tasks.cancel_scope)
            await self._send_all(scope, query, send)
            tasks.cancel_scope.cancel()

    async def _send_all(self, scope: Scope, query: list[tuple[str, str]], send: Send) -> None:
        token: str | None = None
        first = True
        while first or token:
            page = [
                *query,
                ("max_results", str(_PAGE)),
                *([("page_token", token)] if token else []),
            ]
            start, body = await self._page(
                {**scope, "query_string": urlencode(page).encode("ascii")}
            )
            if first and (start["status"] != 200 or not body.startswith(_START)):
                # An error, or no points at all.
                await send(start)
                return await send({"type": "http.response.body", "body": body})
            if start["status"] != 200:
                # The answer has begun. Without its end it can't be taken for whole.
                raise RuntimeError(
                    f"a further page of get-history was answered with {start['status']}"
                )
            end = body.rindex(_END)
            token = _next_token(body[end + len(_END) :])
            if first:
                headers = [
                    header for header in start["headers"] if header[0].lower() != b"content-length"
                ]
                await send({**start, "headers": headers})
            points = _START + body[len(_START) : end] if first else b",\n" + body[len(_START) : end]
            first = False
            del body
            message = {"type": "http.response.body", "body": points, "more_body": True}
            with anyio.fail_after(_PAGE_WITHIN_SECONDS):
                if not await self._unsent.send(message, send, scope.get(TOKEN_KEY, "")):
                    # Without its end the answer can't be taken for whole.
                    return
            del message, points
        await send({"type": "http.response.body", "body": _END + b"\n}"})

    async def _page(self, scope: Scope) -> tuple[Message, bytes]:
        messages: list[Message] = []
        asked = False

        async def receive() -> Message:
            nonlocal asked
            if asked:
                await anyio.sleep_forever()
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def collect(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, collect)
        return messages[0], b"".join(message.get("body", b"") for message in messages[1:])


def _next_token(rest: bytes) -> str | None:
    """`rest` is what follows the points: nothing but a brace, or the token of the next page."""
    token: str | None = json.loads(b"{" + rest.lstrip(b",")).get("next_page_token")
    return token
