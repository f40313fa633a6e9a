"""The schema that these commands know: they name MLflow's tables, so on another revision they touch nothing."""

from psycopg2.extensions import connection as Connection

from mlflow_instance.maintenance.errors import Refused
from mlflow_instance.schema import current_revision

# A test holds it against MLflow's own head: a new MLflow needs a look at removal.py and
# privileges.py before this moves.
KNOWN_REVISION = "dc11669786a5"


def require_known_schema(connection: Connection) -> None:
    revision = current_revision(connection)
    if revision != KNOWN_REVISION:
        raise Refused(
            f"the database is at schema revision {revision or 'none'} and maintenance knows {KNOWN_REVISION}: "
            "run the image of the MLflow that migrated it; nothing was changed"
        )
