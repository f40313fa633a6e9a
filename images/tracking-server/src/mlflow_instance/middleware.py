"""The outermost layer of the server: no request reaches MLflow, Flask or FastAPI part, without a token whose role allows it."""

import logging
import time
from collections.abc import Iterable

import anyio.to_thread

from mlflow_instance.asgi import App, Message, Receive, Scope, Send
from mlflow_instance.credentials import credential_of
from mlflow_instance.fence import is_clean, required_role
from mlflow_instance.headers import AnswerHeaders, with_plain_host
from mlflow_instance.printable import printable
from mlflow_instance.readiness import Readiness
from mlflow_instance.stall import Stall
from mlflow_instance.tokens import Token, TokenStore
from mlflow_instance.turns import NEEDED_KEY, TOKEN_KEY

_access = logging.getLogger("mlflow_instance.access")

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_NOBODY = "-"


class InstanceMiddleware:
    def __init__(
        self,
        app: App,
        *,
        name: str,
        tokens: TokenStore,
        readiness: Readiness,
        allowed_origins: Iterable[str] = (),
        stall: Stall | None = None,
        allowed_hosts: Iterable[str] = (),
    ) -> None:
        self._app = app
        self._stall = stall or Stall()
        self._challenge = f'Basic realm="mlflow {name}", charset="UTF-8"'.encode("ascii")
        self._tokens = tokens
        self._readiness = readiness
        self._headers = AnswerHeaders(allowed_origins, allowed_hosts)
        # Not the pool that MLflow's own handlers run in: when they all hang on a dead database, the
        # probe must still answer.
        self._probe_limiter: anyio.CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            # Each worker opens its probe's connection before a password can be replaced.
            await self._ready()
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            # MLflow has none. Closing before accepting is an HTTP 403 to the client.
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if path == "/health":
            return await _answer(send, 200, "OK", method)
        if path == "/health/ready":
            if self._stall.stalled():
                return await _answer(send, 503, "no request comes to an end", method)
            ready = await self._ready()
            return await _answer(
                send,
                200 if ready else 503,
                "OK" if ready else "the database does not answer",
                method,
            )

        scope = with_plain_host(scope)
        started = time.perf_counter()
        status = 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = self._headers.of_answer(scope, message)
            await send(message)

        token: Token | None = None
        refusal = ""
        try:
            preflight = self._headers.preflight(scope)
            if preflight is not None:
                status, headers = preflight
                await send({"type": "http.response.start", "status": status, "headers": headers})
                return await send({"type": "http.response.body", "body": b""})
            credential = credential_of(scope["headers"])
            token = self._tokens.find(credential) if credential is not None else None
            if token is None:
                why = "missing" if credential is None else self._tokens.refusal(credential)
                refusal = f" refused={why}"
            await self._decide(token, scope, receive, send_and_note)
        finally:
            # The query is left out: filters and file names are the users' data. Quoted, a path
            # can't look like the status after it.
            _access.info(
                '"%s %s" %s token=%s%s %.0f ms',
                _quoted(method),
                _quoted(path),
                status or "-",
                token or _NOBODY,
                refusal,
                (time.perf_counter() - started) * 1000,
            )

    async def _decide(
        self, token: Token | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        method, path = scope["method"], scope["path"]
        if token is None:
            # The same answer for no, an unknown, an expired and a revoked token.
            challenge = [(b"www-authenticate", self._challenge)]
            return await _answer(send, 401, "A valid access token is needed.", method, challenge)
        if not is_clean(path):
            return await _answer(
                send,
                400,
                "The path has empty or relative segments, or characters that are not allowed.",
                method,
            )
        needed = required_role(method, path)
        if needed is None:
            return await _answer(send, 403, "This server does not offer this.", method)
        if token.role < needed:
            return await _answer(
                send, 403, f"This needs a token with role {needed.name.lower()}.", method
            )
        host = self._headers.unknown_host(scope)
        if host is not None:
            reason = f"This instance does not answer to the host {host!r}. Send one of its own names, or add it to extraAllowedHosts."
            return await _answer(send, 403, printable(reason), method)
        if method not in _SAFE_METHODS and not self._headers.origin_allowed(scope):
            return await _answer(send, 403, "Cross-origin request blocked.", method)
        # Requests of one token share what they may wait for (turns.py).
        scope[TOKEN_KEY], scope[NEEDED_KEY] = token.name, needed
        await self._app(scope, receive, send)

    async def _ready(self) -> bool:
        if self._probe_limiter is None:
            self._probe_limiter = anyio.CapacityLimiter(1)
        return await anyio.to_thread.run_sync(self._readiness.ready, limiter=self._probe_limiter)


def _quoted(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii").replace('"', '\\"')


async def _answer(
    send: Send, status: int, text: str, method: str, headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    body = text.encode("utf-8")
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(body)).encode("ascii")),
                (b"cache-control", b"no-store"),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
