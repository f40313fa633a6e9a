"""The ASGI layer around what the middleware lets through: no answer to a change begins before its
row is written.

The whole answer waits, not its last byte: an answer without a body, or one whose length was sent
first, is complete for its client before its last message.
"""

import anyio.to_thread

from mlflow_instance.accounting import ACCOUNT_KEY, Account
from mlflow_instance.asgi import App, Message, Receive, Scope, Send
from mlflow_instance.audit.audit import Audit
from mlflow_instance.audit.kinds import action_of
from mlflow_instance.audit.objects import finding
from mlflow_instance.audit.places import places_of
from mlflow_instance.audit.row import Action


class Audited:
    def __init__(self, app: App, audit: Audit) -> None:
        self._app = app
        self._audit = audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._lifespan(scope, receive, send)
        account: Account | None = scope.get(ACCOUNT_KEY)
        if account is None:
            return await self._app(scope, receive, send)
        account.permitted = True
        action = action_of(account)
        if action is None:
            return await self._app(scope, receive, send)
        await self._change(account, action, scope, receive, send)

    async def _change(
        self, account: Account, action: Action, scope: Scope, receive: Receive, send: Send
    ) -> None:
        begun = False
        with finding() as found:
            found.update(places_of(scope))

            async def send_once_written(message: Message) -> None:
                nonlocal begun
                if message["type"] == "http.response.start" and not begun:
                    begun = True
                    await self._audit.answered(account, action, found, message["status"])
                await send(message)

            try:
                await self._app(scope, receive, send_once_written)
            finally:
                if not begun:
                    # The client went away, or the handler failed: what it did is not known.
                    await self._audit.answered(account, action, found, 0)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_around(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._audit.writer.start()
            elif message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
                # The last request has its answer.
                await anyio.to_thread.run_sync(self._audit.writer.stop)
            await send(message)

        await self._app(scope, receive, send_around)
