"""The keys of an issuer: kept while it is away, gone when it withdraws them, asked for seldom."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from mlflow_instance.workloads.declared import Issuer
from mlflow_instance.workloads.fetch import Fetch, IssuerAway
from mlflow_instance.workloads.keys import IssuerKeys, usable_keys
from tests.support.issuer import AUDIENCE, IssuerServer, jwks, rsa

FIRST, SECOND = rsa("first"), rsa("second")
ISSUER = Issuer("gitlab", "https://gitlab.example.com", AUDIENCE)


class Clocked:
    def __init__(self) -> None:
        self.now, self.asked, self.keys = 0.0, 0, (FIRST,)
        self.away = False
        self.found = IssuerKeys(ISSUER, self._fetch, monotonic=lambda: self.now)

    def _fetch(self, _: Issuer) -> str:
        self.asked += 1
        if self.away:
            raise IssuerAway("away")
        return json.dumps(jwks(*self.keys))

    def has(self, key_id: str | None) -> bool:
        return asyncio.run(self.found.find(key_id)) is not None


def test_an_unknown_key_is_asked_for_at_most_once_a_minute() -> None:
    clocked = Clocked()
    assert clocked.has("first") and clocked.asked == 1
    for index in range(1000):
        assert not clocked.has(f"invented-{index}")
    assert clocked.asked == 1
    clocked.keys = (SECOND,)
    clocked.now = 60.0
    assert clocked.has("second") and clocked.asked == 2


def test_a_withdrawn_key_is_refused_after_the_next_question() -> None:
    clocked = Clocked()
    assert clocked.has("first")
    clocked.keys = (SECOND,)
    clocked.now = 599.0
    assert clocked.has("first")
    clocked.now = 600.0
    assert not clocked.has("first") and clocked.has("second")


def test_known_keys_stay_while_the_issuer_is_away() -> None:
    clocked = Clocked()
    assert clocked.has("first")
    clocked.away, clocked.now = True, 86_400.0
    assert clocked.has("first") and clocked.asked == 2
    assert not clocked.has("second")


def test_an_issuer_that_was_never_reached_is_no_refusal() -> None:
    clocked = Clocked()
    clocked.away = True
    with pytest.raises(IssuerAway):
        clocked.has("first")
    clocked.away, clocked.now = False, 60.0
    assert clocked.has("first")


def test_many_at_once_ask_once() -> None:
    clocked = Clocked()

    async def all_at_once() -> list[Any]:
        return await asyncio.gather(*(clocked.found.find("first") for _ in range(50)))

    assert all(asyncio.run(all_at_once())) and clocked.asked == 1


def test_two_keys_with_one_id_are_none() -> None:
    with pytest.raises(IssuerAway, match="one id"):
        usable_keys(json.dumps(jwks(FIRST, rsa("first"))))


@pytest.fixture
def server(tmp_path: Path) -> Any:
    server = IssuerServer(tmp_path)
    yield server
    server.close()


def fetched(server: IssuerServer, **more: Any) -> str:
    return Fetch(str(server.ca_file)).keys_of(Issuer("own", server.url, AUDIENCE, **more))


def test_the_announced_address_is_asked(server: IssuerServer) -> None:
    server.publish(FIRST)
    assert usable_keys(fetched(server)).keys() == {"first"}
    assert server.asked == ["/.well-known/openid-configuration", "/keys"]


@pytest.mark.parametrize(
    ("path", "document", "reason"),
    [
        ("/keys", b'{"keys": [' + b" " * 10_000_000 + b"]}", "more than 262144 bytes"),
        ("/keys", {"keys": [{}] * 101}, "at most 100"),
        ("/keys", {"keys": {}}, "expected a list"),
        ("/keys", b'{"keys": [], "keys": []}', "twice"),
        ("/keys", b"<html>", "not JSON"),
        ("/keys", 302, "302"),
        ("/keys", 500, "500"),
        ("/.well-known/openid-configuration", {"issuer": "https://evil.example"}, "another issuer"),
        ("/.well-known/openid-configuration", {}, "another issuer"),
    ],
)
def test_answers_that_are_not_taken(
    server: IssuerServer, path: str, document: Any, reason: str
) -> None:
    server.publish(FIRST)
    server.documents[path] = document
    with pytest.raises(IssuerAway, match=reason):
        fetched(server)
    assert "/elsewhere" not in server.asked


def test_an_announced_address_without_tls_is_not_asked(server: IssuerServer) -> None:
    server.publish(FIRST)
    configuration = server.documents["/.well-known/openid-configuration"]
    configuration["jwks_uri"] = configuration["jwks_uri"].replace("https:", "http:")
    with pytest.raises(IssuerAway, match="not https"):
        fetched(server)


def test_an_issuer_with_a_foreign_certificate(server: IssuerServer) -> None:
    server.publish(FIRST)
    with pytest.raises(IssuerAway, match="CERTIFICATE_VERIFY_FAILED"):
        Fetch(None).keys_of(Issuer("own", server.url, AUDIENCE))
