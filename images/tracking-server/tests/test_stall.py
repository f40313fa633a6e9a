import asyncio

from mlflow_instance.asgi import Message, Receive, Scope, Send
from mlflow_instance.limits import MIB, limits_of
from mlflow_instance.middleware import InstanceMiddleware
from mlflow_instance.readiness import Readiness
from mlflow_instance.stall import Stall
from mlflow_instance.turns import Turns


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def stall() -> tuple[Stall, Clock]:
    clock = Clock()
    return Stall(60, monotonic=clock), clock


def test_nothing_that_waits_is_no_stall() -> None:
    watched, clock = stall()
    clock.now = 1000
    assert not watched.stalled()


def test_a_wait_without_a_turn_given_back_is_one() -> None:
    watched, clock = stall()
    watched.waits()
    clock.now = 59.9
    assert not watched.stalled()
    # More that wait change nothing about it.
    watched.waits()
    clock.now = 60
    assert watched.stalled()


def test_each_turn_that_comes_back_begins_anew() -> None:
    watched, clock = stall()
    watched.waits()
    watched.waits()
    clock.now = 50
    watched.gave_back()
    watched.took()
    clock.now = 109
    assert not watched.stalled()
    clock.now = 110
    assert watched.stalled()
    watched.gave_back()
    assert not watched.stalled()


def test_a_client_that_goes_away_hides_nothing() -> None:
    watched, clock = stall()
    watched.waits()
    watched.waits()
    clock.now = 59
    watched.left()
    clock.now = 61
    assert watched.stalled()
    watched.left()
    assert not watched.stalled()


def test_a_worker_whose_turns_do_not_come_back_is_not_ready() -> None:
    async def scenario() -> None:
        watched, clock = stall()
        forever = asyncio.Event()

        async def stuck(_scope: Scope, _receive: Receive, _send: Send) -> None:
            await forever.wait()

        turns = Turns(stuck, 1, limits_of(768 * MIB, 1, 1), stall=watched)
        app = InstanceMiddleware(
            turns, name="unit", callers=None, readiness=Readiness(lambda: True), stall=watched
        )  # type: ignore[arg-type]
        search = {
            "type": "http",
            "method": "POST",
            "path": "/api/2.0/mlflow/runs/search",
            "headers": [],
        }

        async def whole() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def ready() -> int:
            answers: list[Message] = []

            async def keep(message: Message) -> None:
                answers.append(message)

            await app(
                {"type": "http", "method": "GET", "path": "/health/ready", "headers": []},
                whole,
                keep,
            )
            return int(answers[0]["status"])

        waiting = [asyncio.ensure_future(turns({**search}, once(), never)) for _ in range(2)]
        await asyncio.sleep(0.01)
        assert await ready() == 200
        clock.now = 60
        assert await ready() == 503
        # The one that waits goes away: nobody waits any more.
        waiting[1].cancel()
        await asyncio.sleep(0.01)
        assert await ready() == 200
        forever.set()
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(scenario())


async def never(_: Message) -> None:
    pass


def once() -> Receive:
    """A body, and then nothing until the client goes away."""
    messages: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    return receive
