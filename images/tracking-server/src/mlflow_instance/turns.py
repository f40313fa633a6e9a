"""Lets no more requests into MLflow's handlers at once than the connection pool can serve without a deadlock.

MLflow runs up to 40 requests of a worker at the same time, and several handlers (creating a run, logging inputs) open a second
connection while they hold a first. As soon as as many such requests as the pool has connections are in, each waits for another,
and after 30 s all of them fail with HTTP 400. With one request fewer than there are connections one of them always gets on.

The others wait here, fairly between the tokens. Work that needs no connection has turns of its own (work.py). A request that
can't be served in time is refused with 503, and one whose client went away meanwhile is dropped.
"""

from collections.abc import Mapping

from mlflow_instance import client as client_module
from mlflow_instance.asgi import App, Message, Receive, Scope, Send
from mlflow_instance.bodies import Bodies, BodyRefused, ClientGone, Held
from mlflow_instance.budget import Budget, BudgetFull
from mlflow_instance.client import Client
from mlflow_instance.limits import (
    ARTIFACT_TURNS,
    SLOW_READER_SECONDS,
    WAIT_SECONDS,
    WAITING,
    Limits,
)
from mlflow_instance.pool import all_but_one
from mlflow_instance.refusal import refuse
from mlflow_instance.stall import Stall
from mlflow_instance.unsent import Unsent
from mlflow_instance.uploads import Uploads
from mlflow_instance.work import Work, work_of

TOKEN_KEY, WORK_KEY = "mlflow_instance.token", "mlflow_instance.work"
# The least role that may send the request.
NEEDED_KEY = "mlflow_instance.needed"

_BUSY = "The server is busy; try again"


def turns_of_pool(environment: Mapping[str, str]) -> int:
    """How many requests may use a pool at once."""
    return all_but_one(environment)


class Turns:
    def __init__(
        self,
        app: App,
        turns: int,
        limits: Limits,
        *,
        wait_seconds: float = WAIT_SECONDS,
        slow_seconds: float = SLOW_READER_SECONDS,
        stall: Stall | None = None,
    ) -> None:
        self._app = app
        self._stall = stall or Stall()
        self.unsent = Unsent(limits, turns, slow_seconds)
        self._bodies = Bodies(limits)
        self._uploads = Uploads(app, limits)

        def budget(total: int, waiting: int) -> Budget:
            # One turn is left to the other tokens, so that they wait for none of the long requests
            # of one.
            per_key = max(1, total - 1)
            return Budget(
                total,
                per_key=per_key,
                waiting=waiting,
                seconds=wait_seconds,
                may_start=self.unsent.may_start,
            )

        self._budgets = {
            Work.DATABASE: budget(turns, WAITING),
            Work.ARTIFACTS: budget(ARTIFACT_TURNS, WAITING // 4),
            Work.ELSEWHERE: budget(ARTIFACT_TURNS, WAITING // 4),
        }
        self.unsent.on_change = self._recheck

    @property
    def waiting(self) -> int:
        """Requests that wait for a turn, of any kind of work, uploads included."""
        return self._uploads.waiting + sum(budget.waiting for budget in self._budgets.values())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        work = work_of(scope["method"], scope["path"])
        key = scope.get(TOKEN_KEY, "")
        if work is Work.UPLOAD:
            return await self._uploads(scope, receive, send, key)
        try:
            async with self._bodies.body(scope, receive, key) as held:
                await self._with_body(scope, receive, send, held, work, key)
        except BodyRefused as refused:
            await refuse(
                scope, receive if refused.unread else None, send, refused.status, refused.message
            )
        except ClientGone:
            return None

    async def _with_body(
        self, scope: Scope, receive: Receive, send: Send, held: Held, work: Work, key: str
    ) -> None:
        client = Client(held.body, receive)
        held.body = b""
        budget = self._budgets.get(work)
        try:
            if (
                budget is not None
                and not budget.try_take(1, key)
                and not await self._take(budget, key, client)
            ):
                return None
        except BudgetFull:
            client.end()
            return await refuse(scope, None, send, 503, _BUSY)
        turn = _Turn(budget, key, held, self._stall if work is Work.DATABASE else None)
        scope[client_module.KEY], scope[WORK_KEY] = client, work

        async def send_and_give_back(message: Message) -> None:
            # A handler that begins to answer has what it wanted: a slow reader must not hold a
            # turn.
            turn.give_back()
            if not turn.given_up:
                # What is left of an answer that was given up goes nowhere; uvicorn closes the
                # connection at its end.
                turn.given_up = not await self.unsent.send(message, send, key, client)

        try:
            await self._app(scope, client.receive, send_and_give_back)
        finally:
            turn.give_back()
            client.end()

    async def _take(self, budget: Budget, key: str, client: Client) -> bool:
        # Only a wait for others' turns: a token whose own clients read slowly is no stall.
        if budget is not self._budgets[Work.DATABASE] or not budget.is_used_up:
            return await budget.take(1, key, client.gone())
        self._stall.waits()
        taken = False
        try:
            taken = await budget.take(1, key, client.gone())
        finally:
            if taken:
                self._stall.took()
            else:
                self._stall.left()
        return taken

    def _recheck(self) -> None:
        for budget in self._budgets.values():
            budget.recheck()


class _Turn:
    def __init__(self, budget: Budget | None, key: str, held: Held, stall: Stall | None) -> None:
        self._budget, self._key, self._held, self._stall = budget, key, held, stall
        self.given_up = False

    def give_back(self) -> None:
        self._held.release()
        if self._budget is not None:
            budget, self._budget = self._budget, None
            if self._stall is not None:
                self._stall.gave_back()
            budget.give(1, self._key)
