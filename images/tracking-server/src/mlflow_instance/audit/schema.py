"""Tables of this project in the instance's database, in a schema of their own beside MLflow's.

The migration makes them under its lock. A step that was released is never edited: a later change is
a further step, and adds only, because pods of the version before run beside it.
"""

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from mlflow_instance.audit.days import LEAST_DAYS
from mlflow_instance.schema import SchemaError

# Not `mlflow_…`: PostgreSQL resolves plain names in the schema that is called like the role first,
# and the role of an instance `instance` is called mlflow_instance.
SCHEMA = "instance_records"
AUDIT, TOKEN_USE = "audit", "token_use"

# All but the id.
AUDIT_COLUMNS = (
    "at",
    "action",
    "caller",
    "role",
    "claims",
    "source",
    "route",
    "method",
    "path",
    "object",
    "status",
    "refusal",
    "count",
)

_STEPS = (
    f"""
    CREATE TABLE {SCHEMA}.audit (
      id bigserial PRIMARY KEY,
      -- Of several that are counted in one row: the last one's.
      at timestamptz NOT NULL,
      action text NOT NULL,
      caller text,
      role text,
      claims jsonb,
      source text NOT NULL,
      route text NOT NULL,
      method text NOT NULL,
      path text NOT NULL,
      object jsonb NOT NULL,
      -- 0: the request had no answer.
      status integer NOT NULL,
      refusal text,
      count integer NOT NULL DEFAULT 1
    );
    CREATE INDEX audit_at ON {SCHEMA}.audit (at);
    CREATE TABLE {SCHEMA}.token_use (caller text PRIMARY KEY, last_used timestamptz NOT NULL);
    CREATE FUNCTION {SCHEMA}.keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' AND OLD.at < now() - interval '{LEAST_DAYS} days' THEN
        RETURN OLD;
      END IF;
      RAISE EXCEPTION 'rows of the audit are not changed, and not deleted before {LEAST_DAYS} days';
    END $$;
    CREATE TRIGGER keep_rows BEFORE UPDATE OR DELETE ON {SCHEMA}.audit
      FOR EACH ROW EXECUTE FUNCTION {SCHEMA}.keep_audit();
    CREATE TRIGGER keep_table BEFORE TRUNCATE ON {SCHEMA}.audit
      FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.keep_audit();
    """,
)


def ensure_records(connection: Connection) -> None:
    """Makes what is missing, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if cursor.fetchone() == (SCHEMA,):
            raise SchemaError(f"the database role must not be called {SCHEMA}; nothing was changed")
        schema = sql.Identifier(SCHEMA)
        cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
        cursor.execute(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {}.schema_version "
                "(version integer PRIMARY KEY, made timestamptz NOT NULL DEFAULT now())"
            ).format(schema)
        )
        cursor.execute(
            sql.SQL("SELECT coalesce(max(version), 0) FROM {}.schema_version").format(schema)
        )
        row = cursor.fetchone()
        done = int(row[0]) if row else 0
        for version, step in enumerate(_STEPS[done:], done + 1):
            cursor.execute(step)
            cursor.execute(
                sql.SQL("INSERT INTO {}.schema_version (version) VALUES (%s)").format(schema),
                (version,),
            )


def has_records(connection: Connection) -> bool:
    """Whether the tables that this version writes are there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (f"{SCHEMA}.{TOKEN_USE}",))
        found = cursor.fetchone() == (True,)
    connection.rollback()
    return found
