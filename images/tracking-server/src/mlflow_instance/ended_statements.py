"""What a request is told whose statement PostgreSQL has ended because it took too long, or too much room.

MLflow would answer 503 with the statement in the message, and its client would send the same request seven times more.
"""

import logging
from typing import Any

import flask
import psycopg2.errors
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, TEMPORARILY_UNAVAILABLE
from sqlalchemy import Engine, event

from mlflow_instance.fence import required_role
from mlflow_instance.roles import Role

_logger = logging.getLogger(__name__)

_REASONS = {
    psycopg2.errors.QueryCanceled: "took longer than a request may",
    psycopg2.errors.LockNotAvailable: "waited too long for another request",
    psycopg2.errors.ConfigurationLimitExceeded: "needed more temporary space than a request may have",
}


def explain_ended_statements() -> None:
    event.listen(Engine, "handle_error", _explain)


def _explain(context: Any) -> None:
    reason = _REASONS.get(type(context.original_exception))
    if reason is None:
        return
    reads = _only_reads()
    _logger.warning("the database ended a statement of %s: it %s", _route(), reason)
    if reads:
        # Final for the client: the same question would take as long again.
        raise MlflowException(
            f"The database ended this request because it {reason}. Ask for less: fewer conditions or keys to order by, fewer experiments, "
            "a shorter time, or a smaller page",
            error_code=INVALID_PARAMETER_VALUE,
        )
    raise MlflowException(
        f"The database ended this request because it {reason}. Nothing was written; try again", error_code=TEMPORARILY_UNAVAILABLE
    )


def _only_reads() -> bool:
    return flask.has_request_context() and required_role(flask.request.method, flask.request.path) == Role.READ


def _route() -> str:
    return f"{flask.request.method} {flask.request.url_rule}" if flask.has_request_context() else "a request"
