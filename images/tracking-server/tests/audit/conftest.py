"""Servers whose audit is looked at."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.dump.conftest import own_process  # noqa: F401
from tests.support.postgres import Postgres
from tests.support.processes import new_server
from tests.support.server import Server
from tests.support.store import ObjectStore

Start = Callable[..., Server]


@pytest.fixture
def fresh_uri(postgres: Postgres, migrated_template: str, request: pytest.FixtureRequest) -> str:
    name = f"audit-{abs(hash(request.node.nodeid)) % 10**9}"
    return postgres.create_database(name, "maintenance-template")


@pytest.fixture
def start(fresh_uri: str, object_store: ObjectStore, tmp_path: Path) -> Iterator[Start]:
    """Starts a server on the test's own database."""
    servers: list[Server] = []

    def started(workers: int = 1, **environment: str) -> Server:
        server = new_server(fresh_uri, object_store, tmp_path, workers, **environment)
        servers.append(server)
        server.start()
        return server

    yield started
    for server in servers:
        server.kill()
