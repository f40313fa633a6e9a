"""The backend store's URI and plain connections to it."""

from collections.abc import Mapping
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError


class DatabaseUriError(ValueError):
    """Says what is wrong with the URI without repeating it: it holds a password."""


def parse_uri(uri: str) -> URL:
    try:
        url = make_url(uri)
    except (ArgumentError, ValueError):
        raise DatabaseUriError("MLFLOW_BACKEND_STORE_URI: not a database URI") from None
    if url.drivername != "postgresql+psycopg2":
        raise DatabaseUriError(
            f"MLFLOW_BACKEND_STORE_URI: scheme is {url.drivername!r}, expected postgresql+psycopg2 "
            "(which driver plain postgresql:// means depends on SQLAlchemy's version)"
        )
    if not url.host or not url.database:
        raise DatabaseUriError("MLFLOW_BACKEND_STORE_URI: host or database name missing")
    return url


def with_time_limits(uri: str) -> str:
    """The same URI with libpq's limits where it sets none: a database host that vanished costs a request seconds, not minutes."""
    limits = {
        "connect_timeout": "5",
        "keepalives_idle": "30",
        "keepalives_interval": "5",
        "keepalives_count": "3",
        "tcp_user_timeout": "15000",
    }
    url = parse_uri(uri)
    missing = {key: value for key, value in limits.items() if key not in url.query}
    return url.update_query_dict(missing).render_as_string(hide_password=False)


def redacted(uri: str) -> str:
    """`host:port/database` for messages: no user, no password, no options."""
    url = parse_uri(uri)
    return f"{url.host}:{url.port or 5432}/{url.database}"


# For what works on the whole database: the role's own bounds are those of requests.
UNBOUNDED = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "work_mem": "64MB",
}


def connection_options(uri: str, connect_timeout: int) -> dict[str, object]:
    url = parse_uri(uri)
    options: dict[str, object] = dict(url.query)
    options.update(url.translate_connect_args(username="user", database="dbname"))
    options["connect_timeout"] = connect_timeout
    # A host that died without a word must not hold a thread: TCP gives up as well.
    options["tcp_user_timeout"] = (connect_timeout + 1) * 1000
    return options


def connect(
    uri: str, *, connect_timeout: int, session: Mapping[str, str] | None = None
) -> Connection:
    """A libpq connection with the options of the URI (sslmode, …) and `session`'s settings."""
    connection = psycopg2.connect(**connection_options(uri, connect_timeout))
    try:
        set_session(connection, session or {})
    except Exception:
        connection.close()
        raise
    return connection


def set_session(connection: Any, settings: Mapping[str, str]) -> None:
    """By statement and not as libpq's `options`: PgBouncer refuses settings it does not know."""
    if not settings:
        return
    before, connection.autocommit = connection.autocommit, True
    with connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
    connection.autocommit = before
