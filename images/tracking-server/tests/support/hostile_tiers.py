"""A server for the shape of each tier, and one database of large data for all.

For the conftest.py of a folder: made once for all of its files.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests.support.hostile import TIERS, Shape, start_bounded
from tests.support.hostile_routes import seed
from tests.support.postgres import Postgres
from tests.support.server import Server
from tests.support.store import ObjectStore

TURNS = 5
Tier = tuple[Server, Shape]


@pytest.fixture(scope="package")
def hostile_uri(postgres: Postgres, migrated_template: str, object_store: ObjectStore) -> str:
    uri = postgres.create_database("hostile", make_url(migrated_template).database or "")
    seed(uri, object_store)
    return uri


@pytest.fixture(scope="package", params=list(TIERS))
def tier(
    request: pytest.FixtureRequest,
    hostile_uri: str,
    object_store: ObjectStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Tier]:
    shape = TIERS[request.param]
    folder: Path = tmp_path_factory.mktemp(request.param)
    server = start_bounded(hostile_uri, object_store.url, folder, shape)
    # What is loaded with the first requests does not belong to a hostile one.
    for _ in range(4 * shape.workers):
        body = {"experiment_ids": ["0"]}
        assert server.request("POST", "/api/2.0/mlflow/runs/search", "read", json=body).ok
    yield server, shape
    server.kill()
