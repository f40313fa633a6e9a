"""Tokens on the running server: changes of the file count within two seconds, without a restart, in every worker."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.conftest import role_tokens, server_environment
from tests.support.server import Server, entry, token_of, write_tokens
from tests.support.store import ObjectStore


@pytest.fixture
def two_workers(migrated_uri: str, object_store: ObjectStore, tmp_path: Path) -> Iterator[Server]:
    write_tokens(tmp_path / "tokens.json", role_tokens())
    environment = {
        **server_environment(migrated_uri, object_store.url),
        "MLFLOW_INSTANCE_WORKERS": "2",
        "MLFLOW_INSTANCE_INGRESS_ADDRESSES": "127.0.0.0/8",
    }
    server = Server(environment, tmp_path / "log", tmp_path / "tokens.json")
    server.start()
    yield server
    assert server.stop() == 0


# That wrong ones of one source are limited is another test's.
_sources = itertools.count(1)


def seen(server: Server, token: str, times: int = 12) -> set[int]:
    """A new connection each time, so that both workers are asked."""
    return {
        requests.get(
            f"{server.url}/version",
            headers={
                "Authorization": f"Bearer {token}",
                "Connection": "close",
                "X-Forwarded-For": f"192.0.2.{next(_sources)}",
            },
            timeout=30,
        ).status_code
        for _ in range(times)
    }


def test_added_revoked_and_expired_tokens(two_workers: Server) -> None:
    assert seen(two_workers, token_of("read")) == {200}
    assert seen(two_workers, "unknown") == {401}
    assert seen(two_workers, "new-token") == {401}

    write_tokens(
        two_workers.tokens,
        [entry("new", "read", "new-token"), entry("late", "read", token_of("edit"), "2026-01-01")],
    )
    time.sleep(2)
    assert seen(two_workers, token_of("read")) == {401}
    assert seen(two_workers, token_of("edit")) == {401}
    assert seen(two_workers, "new-token") == {200}

    two_workers.tokens.write_text("not json")
    time.sleep(2)
    assert seen(two_workers, "new-token") == {200}

    write_tokens(two_workers.tokens, [])
    time.sleep(2)
    assert seen(two_workers, "new-token") == {401}

    log = two_workers.log.read_text()
    # Each of the two workers says why; to the client they are one and the same 401.
    for why in ("unknown", "revoked:reader/1", "expired:late/1", "revoked:new/1"):
        assert f"401 token=- refused={why} " in log, why
    assert "200 token=new/1" in log and "new-token" not in log and token_of("read") not in log


def test_without_a_token_file_nobody_gets_in_and_the_server_runs(
    migrated_uri: str, object_store: ObjectStore, tmp_path: Path
) -> None:
    server = Server(
        server_environment(migrated_uri, object_store.url),
        tmp_path / "log",
        tmp_path / "absent.json",
    )
    server.start()
    assert seen(server, token_of("admin")) == {401}
    assert seen(server, "") == {401}
    assert server.stop() == 0
    assert server.log.read_text().count("not usable") == 1
