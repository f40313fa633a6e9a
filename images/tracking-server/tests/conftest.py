import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlflow_instance.maintenance.privileges import RETENTION
from tests.maintenance.emptied import EmptiedWorld
from tests.maintenance.world import World, make_world
from tests.support.client import left_behind
from tests.support.late_imports import recording
from tests.support.postgres import Postgres
from tests.support.server import ROLES, Server, entry, run, started, token_of, write_tokens
from tests.support.store import CREDENTIALS, ObjectStore

# The machine's own settings must not reach the client that the tests use.
for name in [
    name
    for name in os.environ
    if name.startswith(("MLFLOW_", "AWS_")) and name != "MLFLOW_INSTANCE_TEST_EXTRA"
]:
    if not name.startswith("MLFLOW_INSTANCE_TEST_"):
        del os.environ[name]
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"


@pytest.fixture(autouse=True)
def nothing_is_left_to_the_next_client() -> Iterator[None]:
    before = left_behind()
    yield
    assert left_behind() == before, "use tests.support.client.client_of"


@pytest.fixture(scope="session", autouse=True)
def no_server_is_left() -> Iterator[None]:
    yield
    for server in started:
        server.kill()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    store = ObjectStore()
    store.create_bucket("instance")
    store.create_bucket("somebody-elses")
    yield store
    store.stop()


@pytest.fixture(scope="session")
def migrated_uri(postgres: Postgres) -> str:
    uri = postgres.create_database("shared")
    migration = run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri})
    assert migration.returncode == 0, migration.stderr
    return uri


@pytest.fixture(scope="session")
def migrated_template(postgres: Postgres) -> str:
    """A migrated database that nobody is connected to, for CREATE DATABASE … TEMPLATE: a copy costs 0.1 s, a migration 8 s."""
    uri = postgres.create_database("maintenance-template")
    migration = run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri})
    assert migration.returncode == 0, migration.stderr
    return uri


@pytest.fixture
def world(postgres: Postgres, migrated_template: str, object_store: ObjectStore) -> Iterator[World]:
    """An instance as the retention's role sees it; retention, orphans and restore run as that."""
    world = make_world(postgres, migrated_template, object_store, RETENTION)
    yield world
    world.rows.close()


@pytest.fixture(scope="session")
def emptied_world(
    postgres: Postgres, migrated_template: str, object_store: ObjectStore
) -> Iterator[EmptiedWorld]:
    """For files whose tests change nothing but rows: `world` is `emptied_world.again()`."""
    world = make_world(postgres, migrated_template, object_store, RETENTION)
    yield EmptiedWorld(world)
    world.rows.close()


def server_environment(uri: str, store_url: str, scheme: str = "s3-proxied") -> dict[str, str]:
    return {
        "MLFLOW_INSTANCE_NAME": "unit",
        "MLFLOW_BACKEND_STORE_URI": uri,
        "MLFLOW_INSTANCE_ARTIFACTS_DESTINATION": f"{scheme}://instance/artifacts",
        "MLFLOW_S3_ENDPOINT_URL": store_url,
        "MLFLOW_INSTANCE_WORKERS": "1",
        **CREDENTIALS,
    }


def role_tokens() -> list[dict[str, str]]:
    return [entry(f"{role}er", role, token_of(role)) for role in ROLES]


@pytest.fixture(scope="session")
def server(
    migrated_uri: str, object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One running server with a token of every role."""
    folder: Path = tmp_path_factory.mktemp("server")
    write_tokens(folder / "tokens.json", role_tokens())
    environment = {
        **server_environment(migrated_uri, object_store.url),
        **recording(folder / "late-imports"),
    }
    running = Server(environment, folder / "log", folder / "tokens.json")
    running.start()
    yield running
    assert running.stop() == 0
