"""The audit's tables: made beside MLflow's, once, and closed to changes."""

from pathlib import Path

import psycopg2
import pytest

from mlflow_instance.audit.schema import ensure_records, has_records
from mlflow_instance.database import connection_options
from mlflow_instance.dump.tables import tables_of
from mlflow_instance.maintenance.privileges import RECORDS, grant
from mlflow_instance.migrate import migrate
from mlflow_instance.schema import SchemaError
from mlflow_instance.schema_wait import wait_for_schema
from tests.audit.rows import execute, rows
from tests.support.postgres import Postgres
from tests.support.server import run

_VERSIONS = "SELECT version, made FROM instance_records.schema_version ORDER BY version"


def _row(at: str = "now()") -> str:
    return (
        "INSERT INTO instance_records.audit (at, action, source, route, method, path, object, "
        f"status) VALUES ({at}, 'change', '', 'run', 'POST', '/', '{{}}', 200)"
    )


def test_a_second_migration_changes_nothing(fresh_uri: str) -> None:
    execute(fresh_uri, _row())
    before = execute(fresh_uri, _VERSIONS)
    assert [version for version, _ in before] == [1]
    migrate(fresh_uri)
    assert execute(fresh_uri, _VERSIONS) == before
    assert len(rows(fresh_uri)) == 1


def test_a_database_of_before_gets_them(fresh_uri: str) -> None:
    execute(fresh_uri, "DROP SCHEMA instance_records CASCADE")
    with pytest.raises(SchemaError, match="has no tables for the audit yet"):
        wait_for_schema(fresh_uri, 0)
    migrate(fresh_uri)
    wait_for_schema(fresh_uri, 0)
    assert rows(fresh_uri) == []


def test_mlflow_and_the_dump_see_none_of_them(fresh_uri: str) -> None:
    connection = psycopg2.connect(**connection_options(fresh_uri, 5))
    assert {"audit", "token_use"}.isdisjoint(table.name for table in tables_of(connection))
    connection.close()


def test_an_empty_database_that_has_them_is_migrated(postgres: Postgres) -> None:
    """As an interrupted first migration may leave it."""
    uri = postgres.create_database("records-only")
    connection = psycopg2.connect(**connection_options(uri, 5))
    ensure_records(connection)
    connection.commit()
    assert has_records(connection)
    connection.close()
    migration = run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri})
    assert migration.returncode == 0, migration.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE instance_records.audit SET caller = 'somebody'",
        "UPDATE instance_records.audit SET at = now() - interval '99 days'",
        "DELETE FROM instance_records.audit",
        "TRUNCATE instance_records.audit",
    ],
)
def test_rows_are_not_changed(fresh_uri: str, statement: str) -> None:
    execute(fresh_uri, _row("now() - interval '29 days'"))
    with pytest.raises(psycopg2.errors.RaiseException, match="not deleted before 30 days"):
        execute(fresh_uri, statement)
    assert len(rows(fresh_uri)) == 1


def test_a_role_whose_name_hides_mlflows_tables_is_refused(postgres: Postgres) -> None:
    uri = postgres.create_database("role-of-the-schema")
    execute(uri, "CREATE ROLE instance_records LOGIN SUPERUSER PASSWORD 'x'")
    own = uri.replace("admin:" + postgres.password, "instance_records:x")
    connection = psycopg2.connect(**connection_options(own, 5))
    with pytest.raises(SchemaError, match="must not be called instance_records"):
        ensure_records(connection)
    connection.close()


def test_the_owner_of_the_database_needs_no_other_right(postgres: Postgres) -> None:
    uri = postgres.create_database("owned")
    execute(uri, "CREATE ROLE plain_owner LOGIN NOSUPERUSER PASSWORD 'x'")
    execute(uri, "CREATE ROLE plain_reader LOGIN NOSUPERUSER PASSWORD 'x'")
    execute(uri, "ALTER DATABASE owned OWNER TO plain_owner")
    own = uri.replace("admin:" + postgres.password, "plain_owner:x")
    for _ in range(2):
        connection = psycopg2.connect(**connection_options(own, 5))
        ensure_records(connection)
        grant(connection, "plain_reader", RECORDS)
        connection.commit()
        connection.close()
    execute(own, _row())
    reader = uri.replace("admin:" + postgres.password, "plain_reader:x")
    assert len(rows(reader)) == 1
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        execute(reader, _row())


def test_no_code_of_the_server_changes_rows() -> None:
    """There is no route that runs SQL of a client; beside the sweep nothing deletes."""
    import mlflow_instance

    sources = Path(mlflow_instance.__file__).parent.rglob("*.py")
    found = {
        file.name
        for file in sources
        for line in file.read_text().splitlines()
        if "DELETE FROM {SCHEMA}" in line or "UPDATE {SCHEMA}" in line
    }
    assert found == {"statements.py"}
