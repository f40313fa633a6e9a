"""Wrong credentials are limited by source; right ones never are."""

import base64
from collections.abc import Iterator

import pytest
import requests

from mlflow_instance.wrong_credentials import BURST, WrongCredentials
from tests.support.processes import new_server
from tests.support.server import Server, token_of
from tests.support.store import ObjectStore


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_answered_and_the_rest_has_to_wait() -> None:
    clock = Clock()
    limits = WrongCredentials(clock)
    assert [limits.wait("a") for _ in range(BURST)] == [0] * BURST
    assert limits.wait("a") == 2
    assert limits.wait("b") == 0
    clock.now = 2.0
    assert [limits.wait("a"), limits.wait("a")] == [0, 2]


def test_sources_are_forgotten_and_the_flood_is_told_once_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    limits = WrongCredentials(clock)
    for _ in range(10_000):
        limits.wait("a")
    assert len(caplog.records) == 1
    clock.now = 60.0
    for _ in range(10_000):
        limits.wait("a")
    assert [record.getMessage() for record in caplog.records][1:] == [
        f"wrong credentials from a are limited: {9970} not answered one by one"
    ]
    for index in range(10_000):
        limits.wait(f"2001:db8:0:{index:x}::1")
    assert len(limits._buckets) == 4096


@pytest.fixture(scope="module")
def server(
    migrated_uri: str, object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    trusted = {"MLFLOW_INSTANCE_INGRESS_ADDRESSES": "127.0.0.0/8"}
    server = new_server(migrated_uri, object_store, folder, 1, **trusted)
    server.start()
    yield server
    assert server.stop() == 0


def statuses(server: Server, token: str | None, source: str, times: int) -> list[int]:
    with requests.Session() as session:
        headers = {"X-Forwarded-For": f"6.6.6.6, {source}"}
        if token is not None:
            plain = base64.b64encode(f"any:{token}".encode()).decode()
            headers["Authorization"] = f"Basic {plain}"
        return [
            session.get(f"{server.url}/version", headers=headers, timeout=30).status_code
            for _ in range(times)
        ]


def test_a_flood_from_one_source_changes_nothing_for_anybody_else(server: Server) -> None:
    found = statuses(server, "wrong", "192.0.2.1", 1000)
    assert found[:BURST] == [401] * BURST and found.count(401) < BURST + 30
    assert set(found) == {401, 429}
    # The right token from the same source, nobody's from it, and wrong ones from another.
    assert statuses(server, token_of("read"), "192.0.2.1", 5) == [200] * 5
    assert statuses(server, None, "192.0.2.1", 5) == [401] * 5
    assert statuses(server, "wrong", "192.0.2.2", 5) == [401] * 5
    lines = [line for line in server.log.read_text().split("\n") if "from=192.0.2.1 " in line]
    assert len(lines) < BURST + 50
    wrong = {"X-Forwarded-For": "192.0.2.1", "Authorization": "Bearer wrong"}
    # One more may have become due meanwhile.
    answers = [requests.get(f"{server.url}/version", headers=wrong, timeout=30) for _ in range(20)]
    limited = [answer for answer in answers if answer.status_code == 429]
    assert limited and all(int(answer.headers["retry-after"]) in (1, 2) for answer in limited)
