"""What the audit of a database has."""

import time
from collections.abc import Callable
from typing import Any

import psycopg2
from psycopg2.extras import RealDictCursor

from mlflow_instance.database import connection_options


def rows(uri: str, where: str = "true", *values: object) -> list[dict[str, Any]]:
    connection = psycopg2.connect(**connection_options(uri, 5))
    try:
        with connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(
                f"SELECT * FROM instance_records.audit WHERE {where} ORDER BY id", values
            )
            return [dict(row) for row in cursor.fetchall()]
    finally:
        connection.close()


def execute(uri: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(**connection_options(uri, 5))
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            found = cursor.fetchall() if cursor.description else []
        connection.commit()
        return found
    finally:
        connection.close()


def until(condition: Callable[[], bool], within: float = 30) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
