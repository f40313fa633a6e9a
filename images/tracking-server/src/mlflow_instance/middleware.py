"""The outermost layer of the server: no request reaches MLflow, Flask or FastAPI part, without a token whose role allows it."""

import asyncio
from collections.abc import Iterable, Sequence

import anyio.to_thread

from mlflow_instance.access_log import log_access
from mlflow_instance.accounting import ACCOUNT_KEY, LIMITED, Account, Observer
from mlflow_instance.asgi import App, Message, Receive, Scope, Send
from mlflow_instance.callers import MISSING, Caller, Callers, Refused
from mlflow_instance.credentials import credential_of
from mlflow_instance.fence import is_clean, required_role
from mlflow_instance.headers import AnswerHeaders, with_plain_host
from mlflow_instance.printable import printable
from mlflow_instance.readiness import Readiness
from mlflow_instance.route_classes import route_class
from mlflow_instance.source import Source
from mlflow_instance.stall import Stall
from mlflow_instance.turns import NEEDED_KEY, TOKEN_KEY
from mlflow_instance.wrong_credentials import WrongCredentials

_ISSUER_AWAY = "The issuer of this token does not answer; try again"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class InstanceMiddleware:
    def __init__(
        self,
        app: App,
        *,
        name: str,
        callers: Callers,
        readiness: Readiness,
        allowed_origins: Iterable[str] = (),
        stall: Stall | None = None,
        allowed_hosts: Iterable[str] = (),
        source: Source | None = None,
        observers: Sequence[Observer] = (log_access,),
    ) -> None:
        self._app = app
        self._stall = stall or Stall()
        self._challenge = f'Basic realm="mlflow {name}", charset="UTF-8"'.encode("ascii")
        self._callers = callers
        self._source = source or Source("")
        self._wrong = WrongCredentials()
        self._observers = tuple(observers)
        self._readiness = readiness
        self._headers = AnswerHeaders(allowed_origins, allowed_hosts)
        # Not the pool that MLflow's own handlers run in: when they all hang on a dead database, the
        # probe must still answer.
        self._probe_limiter: anyio.CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            # Each worker opens its probe's connection before a password can be replaced.
            await self._ready()
            # Not awaited: an issuer that does not answer must not delay the start.
            fetching = asyncio.create_task(self._callers.prefetch())
            try:
                await self._app(scope, receive, send)
            finally:
                fetching.cancel()
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
        needed = required_role(method, path)
        route = route_class(method, path, needed)
        account = Account(method, path, route, self._source.of(scope), needed=needed)
        scope[ACCOUNT_KEY] = account

        async def send_and_note(message: Message) -> None:
            if message["type"] == "http.response.start":
                account.status = message["status"]
                message = self._headers.of_answer(scope, message)
            else:
                account.sent += len(message.get("body", b""))
            await send(message)

        async def receive_and_note() -> Message:
            message = await receive()
            account.received += len(message.get("body", b""))
            return message

        try:
            preflight = self._headers.preflight(scope)
            if preflight is not None:
                account.status, headers = preflight
                await send(
                    {"type": "http.response.start", "status": account.status, "headers": headers}
                )
                return await send({"type": "http.response.body", "body": b""})
            found = await self._callers.caller_of(credential_of(scope["headers"]))
            if isinstance(found, Refused):
                return await self._refuse(found, account, send_and_note)
            account.caller = found
            await self._decide(account, found, scope, receive_and_note, send_and_note)
        finally:
            account.end()
            for observe in self._observers:
                observe(account)

    async def _refuse(self, refused: Refused, account: Account, send: Send) -> None:
        account.refusal, method = refused.why, account.method
        if refused.later:
            return await _answer(send, 503, _ISSUER_AWAY, method, [(b"retry-after", b"5")])
        # A missing credential is no guess: a browser sends such a request before it asks its user.
        wait = 0 if refused.why == MISSING else self._wrong.wait(account.source)
        if wait > 0:
            account.refusal = LIMITED
            again = [(b"retry-after", str(wait).encode("ascii"))]
            return await _answer(send, 429, "Too many wrong access tokens.", method, again)
        # The same answer for no, an unknown, an expired and a revoked token.
        challenge = [(b"www-authenticate", self._challenge)]
        await _answer(send, 401, "A valid access token is needed.", method, challenge)

    async def _decide(
        self, account: Account, caller: Caller, scope: Scope, receive: Receive, send: Send
    ) -> None:
        method, path, needed = account.method, account.path, account.needed
        if not is_clean(path):
            return await _answer(
                send,
                400,
                "The path has empty or relative segments, or characters that are not allowed.",
                method,
            )
        if needed is None:
            return await _answer(send, 403, "This server does not offer this.", method)
        if caller.role < needed:
            return await _answer(
                send, 403, f"This needs a token with role {needed.name.lower()}.", method
            )
        host = self._headers.unknown_host(scope)
        if host is not None:
            reason = f"This instance does not answer to the host {host!r}. Send one of its own names, or add it to extraAllowedHosts."
            return await _answer(send, 403, printable(reason), method)
        if method not in _SAFE_METHODS and not self._headers.origin_allowed(scope):
            return await _answer(send, 403, "Cross-origin request blocked.", method)
        # Requests of one caller share what they may wait for (turns.py).
        scope[TOKEN_KEY], scope[NEEDED_KEY] = caller.name, needed
        await self._app(scope, receive, send)

    async def _ready(self) -> bool:
        if self._probe_limiter is None:
            self._probe_limiter = anyio.CapacityLimiter(1)
        return await anyio.to_thread.run_sync(self._readiness.ready, limiter=self._probe_limiter)


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
