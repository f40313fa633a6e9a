import pytest

from tests.support.postgres import Postgres
from tests.support.server import run


@pytest.fixture(scope="session")
def migrated_template(postgres: Postgres) -> str:
    """A migrated database that nobody is connected to, for CREATE DATABASE … TEMPLATE: a copy costs 0.1 s, a migration 8 s."""
    uri = postgres.create_database("maintenance-template")
    migration = run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri})
    assert migration.returncode == 0, migration.stderr
    return uri
