"""What a request is told whose statement PostgreSQL has ended because it took too long, or too
much room.

MLflow would answer 503 with the statement in the message, and its client would send the same
request seven times more.
"""

import logging
import time
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
    psycopg2.errors.ConfigurationLimitExceeded: "needed more temporary space than a request may",
}


# For all statements of a request that reads. No ingress waits longer for an answer.
READ_WITHIN_SECONDS = 60.0


def explain_ended_statements() -> None:
    event.listen(Engine, "handle_error", _explain)
    event.listen(Engine, "before_cursor_execute", _refuse_late)


def _refuse_late(*_: Any) -> None:
    """Many short statements hold a turn as a long one does: GraphQL's runs ask for their model
    versions one after the other.
    """
    if not flask.has_request_context():
        return
    now = time.monotonic()
    started = flask.g.setdefault("mlflow_instance_first_statement", now)
    if now - started > READ_WITHIN_SECONDS and _only_reads():
        raise _too_much("took longer than a request may")


def _explain(context: Any) -> None:
    reason = _REASONS.get(type(context.original_exception))
    if reason is None:
        return
    _logger.warning("the database ended a statement of %s: it %s", _route(), reason)
    if _only_reads():
        raise _too_much(reason)
    raise MlflowException(
        f"The database ended this request because it {reason}. Nothing was written; try again",
        error_code=TEMPORARILY_UNAVAILABLE,
    )


def _too_much(reason: str) -> MlflowException:
    """Final for the client: the same question would take as long again."""
    return MlflowException(
        f"The database ended this request because it {reason}. Ask for less: "
        "fewer conditions or keys to order by, fewer experiments, "
        "a shorter time, or a smaller page",
        error_code=INVALID_PARAMETER_VALUE,
    )


def _only_reads() -> bool:
    return (
        flask.has_request_context()
        and required_role(flask.request.method, flask.request.path) == Role.READ
    )


def _route() -> str:
    return (
        f"{flask.request.method} {flask.request.url_rule}"
        if flask.has_request_context()
        else "a request"
    )
