"""Which schema revision this MLflow expects, and which one a database has."""

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psycopg2.errors
from psycopg2.extensions import connection as Connection


class SchemaError(RuntimeError):
    pass


@cache
def known_revisions() -> dict[str, frozenset[str]]:
    """Revision -> the revisions it comes after, read from MLflow's migration files without running them (importing MLflow costs seconds)."""
    spec = find_spec("mlflow")
    if spec is None or not spec.submodule_search_locations:
        raise SchemaError("MLflow is not installed")
    folder = (
        Path(next(iter(spec.submodule_search_locations))) / "store" / "db_migrations" / "versions"
    )
    return dict(
        _revision(file) for file in sorted(folder.glob("*.py")) if file.name != "__init__.py"
    )


def _revision(file: Path) -> tuple[str, frozenset[str]]:
    values: dict[str, object] = {}
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            if name in ("revision", "down_revision"):
                values[name] = ast.literal_eval(statement.value)
    revision, down = values.get("revision"), values.get("down_revision")
    if not isinstance(revision, str):
        raise SchemaError(f"no revision in MLflow's migration {file.name}")
    before = () if down is None else (down,) if isinstance(down, str) else tuple(map(str, down))  # type: ignore[call-overload]
    return revision, frozenset(before)


@cache
def head_revision() -> str:
    revisions = known_revisions()
    heads = set(revisions).difference(*revisions.values())
    if len(heads) != 1:
        raise SchemaError(f"MLflow's migrations have {len(heads)} heads, expected 1")
    return heads.pop()


def current_revision(connection: Connection) -> str | None:
    """The database's revision; None when it has no MLflow schema yet."""
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT version_num FROM alembic_version")
        except psycopg2.errors.UndefinedTable:
            connection.rollback()
            return None
        rows = cursor.fetchall()
    connection.rollback()
    if len(rows) > 1:
        raise SchemaError(f"alembic_version has {len(rows)} rows, expected 1")
    return str(rows[0][0]) if rows else None
