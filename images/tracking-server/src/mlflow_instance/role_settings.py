"""What PostgreSQL keeps to for every request, on each session of the server's role in its own
database.

Set by the migration, which runs as that role: a role may bound itself, no administrator is needed,
and a pooler between the pods and PostgreSQL changes nothing about it. The time limits are arguments
of the role itself (components/internal/roleTimeLimits.ts).
"""

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

_OF_REQUESTS = {
    # Joins in the order that MLflow writes: it begins with the table that the request is about. The
    # planner's search for a better order doubles time and memory with every condition: measured
    # 2,265 ms and over 1 GiB with 20 of them, 21 ms with this.
    "join_collapse_limit": "1",
    "from_collapse_limit": "1",
    # Each sort and each hash table of a statement may take this much, and a search has one for
    # every condition.
    "work_mem": "4MB",
    # One request is one process: the server is everybody's.
    "max_parallel_workers_per_gather": "0",
}


def bound_requests(connection: Connection) -> None:
    """In the caller's transaction. Sessions that are open keep what they have."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        row = cursor.fetchone()
        database = sql.Identifier(str(row[0]) if row else "")
        for name, value in _OF_REQUESTS.items():
            setting = sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {} SET {} = {}")
            cursor.execute(setting.format(database, sql.Identifier(name), sql.Literal(value)))
