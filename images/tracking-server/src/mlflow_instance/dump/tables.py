"""What the database holds, asked of its catalog: whatever tables this MLflow has. Of this project's own it is the audit alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from mlflow_instance.audit.schema import AUDIT, AUDIT_COLUMNS, SCHEMA
from mlflow_instance.maintenance.errors import Impossible


@dataclass(frozen=True)
class Table:
    name: str
    # Without generated ones: the database makes their values anew.
    columns: tuple[str, ...]
    # Empty: MLflow's.
    schema: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name) if self.schema else sql.Identifier(self.name)

    @property
    def column_list(self) -> sql.Composable:
        return sql.SQL(", ").join(map(sql.Identifier, self.columns))


# Rows get ids of the new database, behind those that it has. When a token was last used is of no use
# there: its tokens are others.
AUDIT_TABLE = Table(AUDIT, AUDIT_COLUMNS, SCHEMA)


def tables_of(connection: Connection) -> list[Table]:
    """Every table, those that others refer to before them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
            WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
            GROUP BY c.relname ORDER BY c.relname
            """
        )
        found = {str(name): Table(str(name), tuple(columns)) for name, columns in cursor.fetchall()}
        cursor.execute(
            """
            SELECT c.relname, r.relname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid
            WHERE k.contype = 'f' AND k.conrelid <> k.confrelid AND c.relnamespace = current_schema()::regnamespace
            """
        )
        needs: dict[str, set[str]] = {name: set() for name in found}
        for table, referred in cursor.fetchall():
            needs[table].add(referred)
    try:
        return [found[name] for name in TopologicalSorter(needs).static_order() if name in found]
    except CycleError as error:
        raise Impossible(
            f"the tables {', '.join(error.args[1])} refer to each other in a circle"
        ) from None


def sequences_of(connection: Connection) -> dict[str, int]:
    """The last value of every sequence that was used."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema() AND last_value IS NOT NULL"
        )
        return {str(name): int(value) for name, value in cursor.fetchall()}


def set_sequences(connection: Connection, values: Mapping[str, int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema()")
        own = {str(name) for (name,) in cursor.fetchall()}
        if unknown := sorted(set(values) - own):
            raise Impossible(
                f"the dump has the sequence {unknown[0]!r} and the database doesn't; nothing was changed"
            )
        for name, value in values.items():
            cursor.execute(
                "SELECT setval(%s::regclass, %s)",
                (sql.Identifier(name).as_string(connection), value),
            )
