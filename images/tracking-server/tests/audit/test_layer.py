"""The layer alone: when the answer to a change begins, while a table lock holds the writer up."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2

from mlflow_instance.accounting import ACCOUNT_KEY, Account
from mlflow_instance.asgi import Message, Receive, Scope, Send
from mlflow_instance.audit.audit import Audit
from mlflow_instance.audit.layer import Audited
from mlflow_instance.database import connection_options
from mlflow_instance.roles import Role
from mlflow_instance.route_classes import route_class
from tests.audit.rows import execute, rows, until

_PATH = "/api/2.0/mlflow/runs/update"


def connect(uri: str) -> Any:
    return psycopg2.connect(**connection_options(uri, 5))


@contextmanager
def held_up(uri: str) -> Iterator[Any]:
    """Rows can be read and not written, until the connection that is given ends its transaction."""
    blocker = connect(uri)
    with blocker.cursor() as cursor:
        cursor.execute("LOCK TABLE instance_records.audit IN SHARE MODE")
    yield blocker
    blocker.close()


def waits(uri: str) -> bool:
    return bool(
        execute(
            uri,
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock' AND query LIKE '%%instance_records.audit%%'",
        )
    )


class Request:
    """One change; `seen` has how many rows there were at each message of its answer."""

    def __init__(self, uri: str, audit: Audit, *, fails: bool = False) -> None:
        self.uri = uri
        self.seen: list[tuple[str, int]] = []
        self._layer = Audited(self._app, audit)
        self._fails = fails
        self.account = Account("POST", _PATH, route_class("POST", _PATH, Role.EDIT), "10.0.0.1")

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._fails:
            raise RuntimeError("no answer")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def run(self) -> None:
        async def send(message: Message) -> None:
            self.seen.append((message["type"].rpartition(".")[2], len(rows(self.uri))))

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        scope: Scope = {
            "type": "http",
            "method": "POST",
            "path": _PATH,
            "headers": [],
            ACCOUNT_KEY: self.account,
        }
        await self._layer(scope, receive, send)


def test_the_answer_begins_when_the_row_is_committed(fresh_uri: str) -> None:
    audit = Audit(lambda: connect(fresh_uri), within=60)
    audit.writer.start()
    request = Request(fresh_uri, audit)

    async def scenario() -> None:
        with held_up(fresh_uri) as blocker:
            task = asyncio.ensure_future(request.run())
            while not waits(fresh_uri):
                await asyncio.sleep(0.01)
            assert request.seen == []
            blocker.rollback()
            await task

    asyncio.run(scenario())
    audit.writer.stop()
    assert request.seen == [("start", 1), ("body", 1)]


def test_the_wait_is_bounded_and_the_row_comes_later(fresh_uri: str) -> None:
    audit = Audit(lambda: connect(fresh_uri), within=0.1)
    audit.writer.start()
    request = Request(fresh_uri, audit)
    with held_up(fresh_uri):
        asyncio.run(request.run())
    until(lambda: len(rows(fresh_uri)) == 1)
    audit.writer.stop()
    assert request.seen == [("start", 0), ("body", 0)]


def test_a_change_without_an_answer_has_a_row(fresh_uri: str) -> None:
    audit = Audit(lambda: connect(fresh_uri))
    audit.writer.start()
    request = Request(fresh_uri, audit, fails=True)
    try:
        asyncio.run(request.run())
    except RuntimeError:
        pass
    audit.writer.stop()
    (row,) = rows(fresh_uri)
    assert (row["status"], row["path"], request.seen) == (0, _PATH, [])


def test_claims_of_a_workload_are_kept(fresh_uri: str) -> None:
    from types import SimpleNamespace

    class Workload(SimpleNamespace):
        def __str__(self) -> str:
            return "workload:trainer"

    audit = Audit(lambda: connect(fresh_uri))
    audit.writer.start()
    request = Request(fresh_uri, audit)
    request.account.caller = Workload(
        name="workload:trainer", role=Role.EDIT, claims={"repository": "team/train"}
    )
    begun = time.time()
    asyncio.run(request.run())
    audit.observe(request.account)
    audit.writer.stop()
    (row,) = rows(fresh_uri)
    assert (row["caller"], row["claims"]) == ("workload:trainer", {"repository": "team/train"})
    ((caller, last),) = execute(
        fresh_uri, "SELECT caller, last_used FROM instance_records.token_use"
    )
    assert caller == "workload:trainer"
    assert begun - 60 < last.timestamp() <= time.time()
    assert last.second == 0
