"""Indexes that MLflow's schema lacks and that removing rows needs.

PostgreSQL follows a foreign key for every row that goes. Where the referring column has no index, that is one scan of the whole
table per run: beside 125,000 model metrics the removal of 10,000 runs took 240 s. MLflow's migrations neither see nor mind an
index of another name.
"""

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

# Name -> (table, column).
INDEXES = {"mlflow_instance_logged_model_metrics_run_id": ("logged_model_metrics", "run_id")}


def ensure_indexes(connection: Connection) -> None:
    """In the caller's transaction.

    Not CONCURRENTLY: that waits for every other session, and the migrations that wait for the lock of this one would never end.
    """
    with connection.cursor() as cursor:
        for name, (table, column) in INDEXES.items():
            cursor.execute(
                sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} ({})").format(
                    sql.Identifier(name), sql.Identifier("public", table), sql.Identifier(column)
                )
            )
