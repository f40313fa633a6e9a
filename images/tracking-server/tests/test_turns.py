"""Many clients on a small connection pool: all are served, none waits for another for ever."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlflow_instance.asgi import Message, Receive, Scope, Send
from mlflow_instance.turns import Turns, turns_of_pool
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
def test_one_request_fewer_than_there_are_connections(environment: dict[str, str], turns: int) -> None:
    assert turns_of_pool(environment) == turns


class Handler:
    """An application that says how many requests are in it, and answers when it is told to."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self.bodies: list[bytes] = []
        self.answer = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.bodies.append((await receive())["body"])
        await self.answer.wait()
        self.inside -= 1
        if scope.get("broken"):
            raise RuntimeError("broken")
        await send({"type": "http.response.start"})
        await send({"type": "http.response.body"})


def request(path: str, **more: object) -> Scope:
    return {"type": "http", "path": path, **more}


def sender(*chunks: bytes) -> Receive:
    waiting = list(chunks)

    async def receive() -> Message:
        if not waiting:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    return receive


async def ignore(_: Message) -> None:
    pass


SEARCH = "/api/2.0/mlflow/runs/search"


def test_the_others_wait_and_get_their_turn() -> None:
    async def scenario() -> None:
        handler = Handler()
        turns = Turns(handler, 2)
        tasks = [asyncio.ensure_future(turns(request(SEARCH), sender(b"a", b"b"), ignore)) for _ in range(7)]
        await asyncio.sleep(0.01)
        assert handler.inside == 2
        handler.answer.set()
        await asyncio.gather(*tasks)
        assert (handler.most, handler.bodies) == (2, [b"ab"] * 7)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "path",
    [
        "/api/2.0/mlflow-artifacts/artifacts/1/x",
        "/get-artifact",
        "/ajax-api/2.0/mlflow/upload-artifact",
        "/ajax-api/2.0/mlflow/get-trace-artifact",
        "/ajax-api/2.0/mlflow/gateway-proxy",
        "/gateway/chat/invocations",
        "/static-files/index.html",
    ],
)
def test_what_may_take_long_takes_no_turn(path: str) -> None:
    async def scenario() -> None:
        handler = Handler()
        turns = Turns(handler, 1)
        tasks = [asyncio.ensure_future(turns(request(path), sender(b""), ignore)) for _ in range(3)]
        await asyncio.sleep(0.01)
        assert handler.inside == 3
        handler.answer.set()
        await asyncio.gather(*tasks)

    asyncio.run(scenario())


def test_neither_a_slow_sender_nor_a_slow_reader_nor_a_fault_holds_a_turn() -> None:
    async def scenario() -> None:
        handler = Handler()
        handler.answer.set()
        turns = Turns(handler, 1)
        never = asyncio.Event()

        async def slow_body() -> Message:
            await never.wait()
            return {"type": "http.disconnect"}

        async def slow_reader(_: Message) -> None:
            await never.wait()

        slow = [
            asyncio.ensure_future(turns(request(SEARCH), slow_body, ignore)),
            asyncio.ensure_future(turns(request(SEARCH), sender(b""), slow_reader)),
        ]
        await asyncio.sleep(0.01)
        with pytest.raises(RuntimeError, match="broken"):
            await turns(request(SEARCH, broken=True), sender(b""), ignore)
        await asyncio.wait_for(turns(request(SEARCH), sender(b"last"), ignore), 1)
        assert handler.bodies[-1] == b"last"
        assert not any(task.done() for task in slow)
        never.set()
        await asyncio.gather(*slow)

    asyncio.run(scenario())


def test_many_clients_on_three_connections(migrated_uri: str, object_store: ObjectStore, tmp_path: Path) -> None:
    """24 threads, each of whose requests takes a second connection while it holds a first: without turns most fail after 30 s."""
    write_tokens(tmp_path / "tokens.json", role_tokens())
    pool = {"MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "2", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "1"}
    server = Server({**server_environment(migrated_uri, object_store.url), **pool}, tmp_path / "log", tmp_path / "tokens.json")
    server.start()

    def one_run(number: int) -> set[int]:
        created = server.request("POST", "/api/2.0/mlflow/runs/create", "edit", json={"experiment_id": "0", "start_time": number})
        assert created.status_code == 200, created.text
        run_id = created.json()["run"]["info"]["run_id"]
        dataset = {"name": f"d{number}", "digest": str(number), "source_type": "local", "source": "{}"}
        inputs = {"run_id": run_id, "datasets": [{"tags": [{"key": "mlflow.data.context", "value": "training"}], "dataset": dataset}]}
        logged = server.request("POST", "/api/2.0/mlflow/runs/log-inputs", "edit", json=inputs)
        return {created.status_code, logged.status_code}

    with ThreadPoolExecutor(24) as clients:
        statuses = set().union(*clients.map(one_run, range(1, 121)))
    assert statuses == {200}
    assert server.stop() == 0
