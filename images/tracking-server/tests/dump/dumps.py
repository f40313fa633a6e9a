"""The two commands on a world, in this process, and what a database holds."""

import json
import os
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from mlflow_instance.database import connect, parse_uri
from mlflow_instance.dump import final_dump, load_dump
from mlflow_instance.dump.tables import tables_of
from tests.maintenance.world import World
from tests.support.postgres import Postgres
from tests.support.store import CREDENTIALS


def environment(world: World, **changes: str) -> dict[str, str]:
    """As in the tracking server's pod: the database's owner."""
    return world.environment(MLFLOW_BACKEND_STORE_URI=world.owner_uri, **changes)


def dump(world: World, wait_seconds: float = 0.0, **changes: str) -> int:
    with patch.dict(os.environ, CREDENTIALS):
        return final_dump.main(environment(world, **changes), wait_seconds=wait_seconds)


def load(world: World, *arguments: str) -> int:
    with patch.dict(os.environ, CREDENTIALS):
        return load_dump.main(list(arguments), environment(world))


def dumped(world: World) -> tuple[str, dict[str, Any]]:
    """The folder and the manifest of the only finished dump."""
    (key,) = [key for key in world.keys("final-dump/") if key.endswith("/manifest.json")]
    return key.rpartition("/")[0], json.loads(world.read(key))


def folders(world: World) -> set[str]:
    return {key.split("/")[1] for key in world.keys("final-dump/")}


def rows_of(connection: Connection) -> dict[str, list[str]]:
    """Every table's rows as PostgreSQL writes them, in an order that no insertion decides."""
    tables = tables_of(connection)
    with connection.cursor() as cursor:
        found = {}
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table.name}" t')
            found[table.name] = sorted(str(row) for (row,) in cursor.fetchall())
        return found


def new_database(postgres: Postgres, world: World, template: str) -> World:
    """The same bucket with another, freshly migrated database."""
    name = f"{world.bucket_name}-new"
    admin = psycopg2.connect(
        host="127.0.0.1",
        port=postgres.port,
        user="admin",
        password=postgres.password,
        dbname="postgres",
    )
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{parse_uri(template).database}"')
    admin.close()
    uri = parse_uri(template).set(database=name).render_as_string(hide_password=False)
    rows = connect(uri, connect_timeout=5)
    rows.autocommit = True
    return replace(world, owner_uri=uri, rows=rows)


def message(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.strip().splitlines()[-1]
