"""Parts of uploads: their sizes, their number, and what they hold in memory."""

import asyncio
from io import BytesIO
from typing import Any

import pytest

from mlflow_instance.asgi import Message, Receive, Scope, Send
from mlflow_instance.budget import Budget
from mlflow_instance.limits import BESIDE_PARTS, LEAST_PART, MIB, MOST_PARTS, limits_of
from mlflow_instance.upload import put_stream
from mlflow_instance.uploads import CURRENT, Upload, Uploads, plan

SHAPES = [(512 * MIB, 1), (768 * MIB, 1), (1024 * MIB, 2), (16384 * MIB, 2)]


@pytest.mark.parametrize(("memory", "workers"), SHAPES)
def test_a_file_of_any_length_that_is_taken_fits_the_stores_number_of_parts(
    memory: int, workers: int
) -> None:
    limits = limits_of(memory, workers, 5)
    largest = limits.largest_artifact_bytes
    for length in (
        0,
        1,
        5 * MIB,
        8 * 1024 * MIB,
        MOST_PARTS * LEAST_PART,
        MOST_PARTS * LEAST_PART + 1,
        200 * 1024**3,
        largest,
    ):
        planned = plan(length, limits)
        assert planned is not None, length
        weight, part, ahead = planned
        assert part * MOST_PARTS >= length and part % MIB == 0
        assert weight <= limits.uploads_bytes
        assert (
            weight >= min(length, (2 if ahead else 1) * part) + BESIDE_PARTS
            or weight == limits.uploads_bytes // 16
        )
    assert plan(largest + MOST_PARTS * MIB + 1, limits) is None or largest == 5 * 1024**4


def test_the_largest_file_of_the_store_fits_where_its_parts_fit() -> None:
    assert limits_of(16384 * MIB, 2, 5).largest_artifact_bytes == 5 * 1024**4


class Store:
    """Notes the sizes of parts and how many were held at once."""

    def __init__(self) -> None:
        self.sizes: dict[int, int] = {}
        self.aborted = self.completed = False

    def put_object(self, **arguments: Any) -> None:
        self.sizes[0] = len(arguments["Body"])

    def create_multipart_upload(self, **_: Any) -> dict[str, str]:
        return {"UploadId": "u"}

    def upload_part(self, **arguments: Any) -> dict[str, str]:
        if arguments["PartNumber"] == 7:
            raise OSError("broken")
        self.sizes[arguments["PartNumber"]] = len(arguments["Body"])
        return {"ETag": "e"}

    def complete_multipart_upload(self, **arguments: Any) -> None:
        self.completed = [
            part["PartNumber"] for part in arguments["MultipartUpload"]["Parts"]
        ] == sorted(self.sizes)

    def abort_multipart_upload(self, **_: Any) -> None:
        self.aborted = True


def test_parts_follow_each_other_and_a_failure_leaves_nothing() -> None:
    store = Store()
    put_stream(store, BytesIO(b"x" * (12 * MIB)), {}, {})
    assert (store.sizes, store.completed) == ({1: 5 * MIB, 2: 5 * MIB, 3: 2 * MIB}, True)
    store = Store()
    put_stream(store, BytesIO(b""), {}, {})
    assert store.sizes == {0: 0}
    store = Store()
    with pytest.raises(OSError, match="broken"):
        put_stream(store, BytesIO(b"x" * (40 * MIB)), {}, {})
    assert store.aborted and not store.completed


def test_without_a_length_parts_grow_as_long_as_there_is_room() -> None:
    limits = limits_of(768 * MIB, 1, 5)
    planned = plan(None, limits)
    assert planned is not None
    budget = Budget(limits.uploads_bytes, waiting=1, seconds=1)
    assert budget.try_take(planned[0], "a")
    upload = Upload(budget, "a", None, *planned)
    sizes = [upload.part_size(number) for number in range(1, MOST_PARTS + 1)]
    assert sizes == sorted(sizes) and sizes[0] == LEAST_PART and sizes[-1] > 5 * LEAST_PART
    assert upload.weight <= limits.uploads_bytes
    # Far more than the 49 GiB of ten thousand parts of the least size.
    assert sum(sizes) > 200 * 1024**3


def _scope(token: str, length: int | None) -> Scope:
    name, value = (
        (b"content-length", str(length).encode())
        if length is not None
        else (b"transfer-encoding", b"chunked")
    )
    return {
        "type": "http",
        "method": "PUT",
        "path": "/api/2.0/mlflow-artifacts/artifacts/0/x",
        "headers": [(name, value)],
        "token": token,
    }


def test_uploads_wait_and_others_find_room() -> None:
    async def scenario() -> None:
        inside: list[str] = []
        go_on = asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            inside.append(scope["token"])
            assert CURRENT.get().weight > 0
            await go_on.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        statuses: list[int] = []

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        limits = limits_of(768 * MIB, 1, 5)
        uploads = Uploads(app, limits, wait_seconds=0.1)
        tasks = [
            asyncio.ensure_future(uploads(_scope("a", 100 * MIB), receive, send, "a"))
            for _ in range(12)
        ]
        await asyncio.sleep(0.02)
        first = inside.count("a")
        assert 3 <= first <= limits.uploads_bytes // (13 * MIB)
        tasks.append(asyncio.ensure_future(uploads(_scope("b", None), receive, send, "b")))
        await asyncio.sleep(0.3)
        assert inside.count("b") == 1 and statuses == [503] * (12 - first)
        go_on.set()
        await asyncio.gather(*tasks)
        await uploads(_scope("a", 2**50), receive, send, "a")
        assert statuses[-1] == 413

    asyncio.run(scenario())


def test_an_upload_that_stands_still_ends_with_408() -> None:
    async def scenario() -> None:
        statuses: list[int] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            assert (await receive())["type"] == "http.disconnect"
            await send({"type": "http.response.start", "status": 400, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        pieces = [b"x"] * 3

        async def receive() -> Message:
            if not pieces:
                if statuses:
                    return {"type": "http.disconnect"}
                await asyncio.Event().wait()
            await asyncio.sleep(0.03)
            return {"type": "http.request", "body": pieces.pop(), "more_body": True}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        uploads = Uploads(app, limits_of(768 * MIB, 1, 5), idle_seconds=0.5)
        await asyncio.wait_for(uploads(_scope("a", 10), receive, send, "a"), 5)
        # Each pause but the last was short enough.
        assert (statuses, pieces) == ([408], [])

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("length", "handed_on"),
    [
        (MIB, [MIB]),
        (0, [0]),
        # More than one request carries: so many pieces as make 256 KiB, as does what has no length.
        (6 * MIB, [256 * 1024] * 24),
        (None, [256 * 1024] * 4),
    ],
)
def test_a_body_is_handed_on_in_few_pieces(length: int | None, handed_on: list[int]) -> None:
    async def scenario() -> None:
        seen: list[bytes] = []
        left = [
            bytes([number % 256]) * (64 * 1024)
            for number in range((MIB if length is None else length) // (64 * 1024))
        ]
        sent = b"".join(left)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            while True:
                message = await receive()
                seen.append(message["body"])
                if not message["more_body"]:
                    return

        async def receive() -> Message:
            body = left.pop(0) if left else b""
            return {"type": "http.request", "body": body, "more_body": bool(left)}

        async def send(message: Message) -> None:
            raise AssertionError(message)

        await Uploads(app, limits_of(768 * MIB, 1, 5))(_scope("a", length), receive, send, "a")
        assert ([len(piece) for piece in seen], b"".join(seen)) == (handed_on, sent)

    asyncio.run(scenario())
