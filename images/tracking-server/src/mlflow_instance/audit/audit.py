"""The audit of one worker: what becomes a row, and who waits for it."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from mlflow_instance.accounting import Account
from mlflow_instance.audit.counted import Counted
from mlflow_instance.audit.days import DEFAULT_DAYS
from mlflow_instance.audit.objects import Found
from mlflow_instance.audit.row import Action, AuditRow, row_of
from mlflow_instance.audit.uses import LastUses
from mlflow_instance.audit.writer import Writer
from mlflow_instance.fence import is_clean

_logger = logging.getLogger(__name__)

# How long an answer waits for its row. The change is done already; the row stays in the queue.
_WITHIN_SECONDS = 2.0
# Kinds of request that are held apart in a minute: 2,000 runs that are logged to; 200 sources or
# reasons of refusals; 500 changes that MLflow did not make.
_APPENDS, _REFUSALS, _FAILURES = 2000, 200, 500


class Audit:
    def __init__(
        self,
        connect: Callable[[], Any],
        *,
        days: int = DEFAULT_DAYS,
        within: float = _WITHIN_SECONDS,
    ) -> None:
        self._within = within
        self._appends = Counted(_APPENDS, merges=False)
        self._refusals = Counted(_REFUSALS, merges=True)
        self._failures = Counted(_FAILURES, merges=True)
        self._uses = LastUses()
        self.writer = Writer(
            connect,
            days=days,
            counted=(self._appends, self._refusals, self._failures),
            uses=self._uses,
        )

    async def answered(self, account: Account, action: Action, found: Found, status: int) -> None:
        """Before the first byte of the answer is sent: what a client sees as done has its row."""
        if status >= 400 or not status:
            return self._count(self._failures, row_of(account, action, found, status))
        if action is Action.APPEND:
            row = self._counted(self._appends, row_of(account, action, _appended_to(found), status))
            if row is None:
                return
        else:
            row = row_of(account, action, found, status)
        await self._written(row)

    def observe(self, account: Account) -> None:
        """At the end of each request, of those too that nobody was let in with."""
        if account.caller is not None:
            self._uses.note(str(account.caller))
        why = _refusal_of(account)
        if why:
            row = row_of(account, Action.REFUSAL, {}, account.status, why)
            self._count(self._refusals, row)

    def _count(self, counted: Counted, row: AuditRow) -> None:
        first = self._counted(counted, row)
        if first is not None:
            self.writer.submit(first)

    def _counted(self, counted: Counted, row: AuditRow) -> AuditRow | None:
        # Paths of refused requests are anybody's invention, and are not held apart.
        path = "" if row.action is Action.REFUSAL else row.path
        about = tuple((name, str(value)) for name, value in sorted(row.object.items()))
        who = (row.caller, row.source if row.status >= 400 else "", row.refusal)
        return counted.note((row.action, row.route, row.status, path, about, who), row)

    async def _written(self, row: AuditRow) -> None:
        loop = asyncio.get_running_loop()
        written = asyncio.Event()

        def done() -> None:
            loop.call_soon_threadsafe(written.set)

        self.writer.submit(row, done)
        try:
            async with asyncio.timeout(self._within):
                await written.wait()
        except TimeoutError:
            _logger.warning("audit: an answer did not wait longer for its row")


def _appended_to(found: Found) -> Found:
    """What a minute's rows are about: the run, or the experiment that gets the traces."""
    without = ("key", "trace_id", "trace_ids") if "experiment_id" in found else ("key",)
    return {name: value for name, value in found.items() if name not in without}


def _refusal_of(account: Account) -> str:
    """Why this server let the request through to nothing; empty if it did."""
    if account.permitted or account.status < 400:
        return ""
    if account.caller is None:
        return account.refusal
    if not is_clean(account.path):
        return "path"
    if account.needed is None:
        return "closed"
    if account.caller.role < account.needed:
        return f"needs {account.needed.name.lower()}"
    return "host or origin"
