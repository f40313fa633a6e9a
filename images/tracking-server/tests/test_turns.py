"""Many clients on a small connection pool: all are served, none waits for another for ever."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlflow_instance.asgi import Message, Receive, Scope, Send
from mlflow_instance.limits import MIB, WAITING, limits_of
from mlflow_instance.turns import TOKEN_KEY, Turns, turns_of_pool
from tests.conftest import role_tokens, server_environment
from tests.support.server import Server, write_tokens
from tests.support.store import ObjectStore


@pytest.mark.parametrize(
    ("environment", "turns"),
    [
        ({}, 14),
        ({"MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "3", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "3"}, 5),
        ({"MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "1", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "1"}, 1),
        # Not set, as MLflow takes it.
        ({"MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "3", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "0"}, 12),
    ],
)
def test_one_request_fewer_than_there_are_connections(
    environment: dict[str, str], turns: int
) -> None:
    assert turns_of_pool(environment) == turns


LIMITS = limits_of(768 * MIB, 1, 5)


class Handler:
    """An application that says how many requests are in it, and answers when it is told to."""

    def __init__(self, answer_bytes: int = 0) -> None:
        self.inside = 0
        self.most = 0
        self.bodies: list[bytes] = []
        self.answer = asyncio.Event()
        self.answer_bytes = answer_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.bodies.append((await receive())["body"])
        await self.answer.wait()
        self.inside -= 1
        if scope.get("broken"):
            raise RuntimeError("broken")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * self.answer_bytes})


def request(path: str, method: str = "POST", token: str = "one", **more: object) -> Scope:
    return {"type": "http", "method": method, "path": path, "headers": [], TOKEN_KEY: token, **more}


class Sender:
    """A client: its body in pieces, then silence until it goes away."""

    def __init__(self, *chunks: bytes) -> None:
        self._waiting = list(chunks)
        self.leaves = asyncio.Event()

    async def __call__(self) -> Message:
        if not self._waiting:
            await self.leaves.wait()
            return {"type": "http.disconnect"}
        return {
            "type": "http.request",
            "body": self._waiting.pop(0),
            "more_body": bool(self._waiting),
        }


class Reader:
    def __init__(self, reads: bool = True) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.read = 0
        self._reads = reads
        self.goes_on = asyncio.Event()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        else:
            if not self._reads:
                await self.goes_on.wait()
            self.read += len(message.get("body", b""))


SEARCH = "/api/2.0/mlflow/runs/search"


def start(
    turns: Turns, scope: Scope, *chunks: bytes, reader: Reader | None = None
) -> "asyncio.Task[None]":
    return asyncio.ensure_future(turns(scope, Sender(*(chunks or (b"",))), reader or Reader()))


def test_the_others_wait_and_get_their_turn() -> None:
    async def scenario() -> None:
        handler = Handler()
        turns = Turns(handler, 3, LIMITS)
        tasks = [start(turns, request(SEARCH), b"a", b"b") for _ in range(7)]
        await asyncio.sleep(0.01)
        # One of three is left to other tokens.
        assert handler.inside == 2
        tasks.append(start(turns, request(SEARCH, token="two"), b"ab"))
        await asyncio.sleep(0.01)
        assert handler.inside == 3
        handler.answer.set()
        await asyncio.gather(*tasks)
        assert (handler.most, handler.bodies) == (3, [b"ab"] * 8)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/2.0/mlflow-artifacts/artifacts/1/x"),
        ("GET", "/get-artifact"),
        ("HEAD", "/api/2.0/mlflow/logged-models/m-1/artifacts/files"),
        ("POST", "/ajax-api/2.0/mlflow/upload-artifact"),
        ("GET", "/ajax-api/2.0/mlflow/get-trace-artifact"),
        ("POST", "/ajax-api/2.0/mlflow/gateway-proxy"),
        ("POST", "/gateway/chat/invocations"),
        ("GET", "/static-files/index.html"),
    ],
)
def test_what_may_take_long_takes_no_turn_of_the_database(method: str, path: str) -> None:
    async def scenario() -> None:
        handler = Handler()
        turns = Turns(handler, 1, LIMITS)
        tasks = [start(turns, request(path, method)) for _ in range(3)]
        await asyncio.sleep(0.01)
        assert handler.inside == 3
        tasks.append(start(turns, request(SEARCH)))
        await asyncio.sleep(0.01)
        assert handler.inside == 4
        handler.answer.set()
        await asyncio.gather(*tasks)

    asyncio.run(scenario())


def test_neither_a_slow_sender_nor_a_slow_reader_nor_a_fault_holds_a_turn() -> None:
    async def scenario() -> None:
        handler = Handler()
        handler.answer.set()
        turns = Turns(handler, 1, LIMITS)
        never = asyncio.Event()

        async def slow_body() -> Message:
            await never.wait()
            return {"type": "http.disconnect"}

        slow_reader = Reader(reads=False)
        slow = [
            asyncio.ensure_future(turns(request(SEARCH), slow_body, Reader())),
            start(turns, request(SEARCH), reader=slow_reader),
        ]
        await asyncio.sleep(0.01)
        with pytest.raises(RuntimeError, match="broken"):
            await turns(request(SEARCH, broken=True), Sender(b""), Reader())
        await asyncio.wait_for(turns(request(SEARCH), Sender(b"last"), Reader()), 1)
        assert handler.bodies[-1] == b"last"
        assert not any(task.done() for task in slow)
        never.set()
        slow_reader.goes_on.set()
        await asyncio.gather(*slow)

    asyncio.run(scenario())


def test_a_client_that_goes_away_while_it_waits_costs_no_work() -> None:
    async def scenario() -> None:
        handler = Handler()
        turns = Turns(handler, 1, LIMITS)
        first = start(turns, request(SEARCH), b"first")
        client = Sender(b"gone")
        waiting = asyncio.ensure_future(turns(request(SEARCH), client, Reader()))
        last = start(turns, request(SEARCH), b"last")
        await asyncio.sleep(0.01)
        client.leaves.set()
        await asyncio.wait_for(waiting, 1)
        handler.answer.set()
        await asyncio.gather(first, last)
        assert handler.bodies == [b"first", b"last"]

    asyncio.run(scenario())


def test_a_client_that_goes_away_while_it_is_served_keeps_its_turn_until_the_work_ends() -> None:
    async def scenario() -> None:
        handler = Handler()
        turns = Turns(handler, 1, LIMITS)
        client = Sender(b"first")
        first = asyncio.ensure_future(turns(request(SEARCH), client, Reader()))
        second = start(turns, request(SEARCH), b"second")
        await asyncio.sleep(0.01)
        client.leaves.set()
        await asyncio.sleep(0.01)
        assert handler.bodies == [b"first"]
        handler.answer.set()
        await asyncio.gather(first, second)

    asyncio.run(scenario())


def test_above_the_bound_of_the_queue_the_token_that_fills_it_is_told_to_come_again() -> None:
    async def scenario() -> None:
        handler = Handler()
        turns = Turns(handler, 1, LIMITS)
        readers = [Reader() for _ in range(WAITING + 3)]
        tasks = [start(turns, request(SEARCH), reader=reader) for reader in readers]
        await asyncio.sleep(0.05)
        assert [reader.status for reader in readers] == [0] * (WAITING + 1) + [503] * 2
        assert readers[-1].headers[b"retry-after"] == b"2"
        # Another token still finds a place: the last of those that flood gives it up.
        other = Reader()
        tasks.append(start(turns, request(SEARCH, token="two"), b"two", reader=other))
        await asyncio.sleep(0.01)
        assert readers[WAITING].status == 503
        handler.answer.set()
        await asyncio.gather(*tasks)
        assert other.status == 200
        # And is served next, not last.
        assert handler.bodies.index(b"two") <= 2

    asyncio.run(scenario())


def test_who_waits_too_long_is_told_to_come_again() -> None:
    async def scenario() -> None:
        handler = Handler()
        turns = Turns(handler, 1, LIMITS, wait_seconds=0.05)
        first = start(turns, request(SEARCH))
        await asyncio.sleep(0.01)
        reader = Reader()
        await turns(request(SEARCH), Sender(b""), reader)
        assert reader.status == 503
        handler.answer.set()
        await first

    asyncio.run(scenario())


def test_slow_readers_stop_their_own_token_only_and_are_given_up_in_the_end() -> None:
    async def scenario() -> None:
        handler = Handler(answer_bytes=17 * MIB)
        handler.answer.set()
        turns = Turns(handler, 5, LIMITS, slow_seconds=1.5)
        slow = [Reader(reads=False) for _ in range(20)]
        tasks = [start(turns, request(SEARCH), reader=reader) for reader in slow]
        await asyncio.sleep(0.1)
        held = [reader for reader in slow if reader.status == 200]
        assert 2 <= len(held) <= 6
        assert sum(17 * MIB for _ in held) <= LIMITS.unsent_bytes + 5 * LIMITS.answer_bytes
        other = Reader()
        await asyncio.wait_for(turns(request(SEARCH, token="two"), Sender(b""), other), 1)
        assert (other.status, other.read) == (200, 17 * MIB)
        # After a while the oldest gives way to those of its own token that wait.
        await asyncio.sleep(4)
        assert sum(reader.status == 200 for reader in slow) > len(held)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(scenario())


def test_many_clients_on_three_connections(
    migrated_uri: str, object_store: ObjectStore, tmp_path: Path
) -> None:
    """24 threads, each of whose requests takes a second connection while it holds a first: without turns most fail after 30 s."""
    write_tokens(tmp_path / "tokens.json", role_tokens())
    pool = {"MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "2", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "1"}
    server = Server(
        {**server_environment(migrated_uri, object_store.url), **pool},
        tmp_path / "log",
        tmp_path / "tokens.json",
    )
    server.start()

    def one_run(number: int) -> set[int]:
        created = server.request(
            "POST",
            "/api/2.0/mlflow/runs/create",
            "edit",
            json={"experiment_id": "0", "start_time": number},
        )
        assert created.status_code == 200, created.text
        run_id = created.json()["run"]["info"]["run_id"]
        dataset = {
            "name": f"d{number}",
            "digest": str(number),
            "source_type": "local",
            "source": "{}",
        }
        inputs = {
            "run_id": run_id,
            "datasets": [
                {"tags": [{"key": "mlflow.data.context", "value": "training"}], "dataset": dataset}
            ],
        }
        logged = server.request("POST", "/api/2.0/mlflow/runs/log-inputs", "edit", json=inputs)
        return {created.status_code, logged.status_code}

    with ThreadPoolExecutor(24) as clients:
        statuses = set().union(*clients.map(one_run, range(1, 121)))
    assert statuses == {200}
    assert server.stop() == 0
