"""All points in one answer, from pages, in the bytes that MLflow would give."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from mlflow_instance.asgi import Message, Receive, Scope, Send
from mlflow_instance.limits import MIB, limits_of
from mlflow_instance.turns import TOKEN_KEY
from mlflow_instance.unsent import Unsent
from mlflow_instance.whole_history import WholeHistory

LIMITS = limits_of(768 * MIB, 1, 5)
_PATH = "/api/2.0/mlflow/metrics/get-history"


class _Mlflow:
    """Pages of 2 points, whatever is asked for."""

    def __init__(self, count: int, fails_at: int = -1) -> None:
        self.count, self.fails_at = count, fails_at
        self.asked: list[dict[str, list[str]]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode())
        self.asked.append(query)
        await receive()
        offset = int(query.get("page_token", ["0"])[0])
        status, answer = 200, self.page(offset, 2)
        if offset == self.fails_at:
            status, answer = 500, {"error_code": "INTERNAL_ERROR"}
        body = json.dumps(answer, indent=2).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def page(self, offset: int, size: int) -> dict[str, Any]:
        # A key that looks like the end of the list.
        points = [
            {"key": '\n  ]\n"', "value": i / 3, "step": i}
            for i in range(offset, min(self.count, offset + size))
        ]
        more = {"next_page_token": str(offset + size)} if offset + size < self.count else {}
        return {**({"metrics": points} if points else {}), **more}


def _get(app: _Mlflow, query: str, path: str = _PATH, method: str = "GET") -> list[Message]:
    messages: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(message: Message) -> None:
        messages.append(message)

    # The replayed body of a request without one.
    async def empty() -> Message:
        return {"type": "http.request", "body": b""}

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [],
    }
    history = WholeHistory(app, Unsent(LIMITS, 5))
    asyncio.run(history(scope, empty if "max_results" in query else receive, send))
    return messages


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("path", [_PATH, "/ajax-api/2.0/mlflow/metrics/get-history"])
def test_all_points_as_one_answer(count: int, path: str) -> None:
    app = _Mlflow(count)
    messages = _get(app, "run_id=r&metric_key=a%20b%26c", path)
    body = b"".join(message.get("body", b"") for message in messages)
    assert body.decode() == json.dumps(app.page(0, 100), indent=2)
    assert all(asked["run_id"] == ["r"] and asked["metric_key"] == ["a b&c"] for asked in app.asked)
    assert len(app.asked) == max(1, (count + 1) // 2)
    assert messages[0]["status"] == 200 and (
        count == 0 or b"content-length" not in dict(messages[0]["headers"])
    )


def test_who_asks_for_a_page_gets_a_page() -> None:
    app = _Mlflow(7)
    messages = _get(app, "run_id=r&metric_key=k&max_results=2")
    assert json.loads(messages[1]["body"])["next_page_token"] == "2" and len(app.asked) == 1


def test_an_error_is_passed_on() -> None:
    messages = _get(_Mlflow(7, fails_at=0), "run_id=r&metric_key=k")
    assert messages[0]["status"] == 500 and json.loads(messages[1]["body"]) == {
        "error_code": "INTERNAL_ERROR"
    }


def test_an_error_in_between_ends_the_connection() -> None:
    with pytest.raises(BaseExceptionGroup):
        _get(_Mlflow(7, fails_at=4), "run_id=r&metric_key=k")


def test_a_history_that_its_client_does_not_read_counts_and_is_given_up() -> None:
    async def scenario() -> None:
        unsent = Unsent(LIMITS, 5, seconds=0.0)
        app = _Mlflow(4)
        # As long as a page of 25,000 points.
        app.page = lambda offset, size: {  # type: ignore[method-assign]
            "metrics": [{"key": "k" * 3 * MIB}],
            "next_page_token": str(offset + size),
        }
        stuck = asyncio.Event()
        messages: list[Message] = []

        async def receive() -> Message:
            await stuck.wait()
            raise AssertionError

        async def send(message: Message) -> None:
            messages.append(message)
            if message["type"] == "http.response.body":
                await stuck.wait()

        scope = {"type": "http", "method": "GET", "path": _PATH, "query_string": b"", "headers": []}
        history = WholeHistory(app, unsent)
        tasks = [
            asyncio.ensure_future(history({**scope, TOKEN_KEY: "slow"}, receive, send))
            for _ in range(8)
        ]
        await asyncio.sleep(0.1)
        # Eight pages of 3 MiB are more than one token's share, and the others' requests go on.
        assert unsent.may_start("other") and not unsent.may_start("slow")
        await asyncio.wait(tasks, timeout=2, return_when=asyncio.FIRST_COMPLETED)
        assert sum(task.done() for task in tasks) == 1 and len(app.asked) == 8
        # It has no end, so that it can't be taken for whole.
        assert not any(one.get("more_body") is False for one in messages[1:])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(scenario())
