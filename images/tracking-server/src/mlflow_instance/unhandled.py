"""Errors that MLflow's handlers let through: their clients get MLflow's JSON and a code that is true, and not a page of Flask's.

Most of them are about a value that the client sent (value_errors.py). MLflow answers 500, which its
own client repeats for minutes.
"""

import logging
from typing import Any

from mlflow.exceptions import MlflowException

from mlflow_instance.messages import public_message, sentence_of
from mlflow_instance.value_errors import VALUE_ERRORS, read_values_as_client_errors

_logger = logging.getLogger(__name__)


def answer_unhandled_errors(fastapi_app: Any) -> None:
    import psycopg2
    import sqlalchemy.exc
    from flask import Response as FlaskResponse
    from mlflow.server import app as flask_app
    from starlette.responses import Response
    from werkzeug.exceptions import HTTPException

    from mlflow_instance.store_errors import STORE_ERRORS

    def by_flask(error: Exception) -> Any:
        if isinstance(error, HTTPException):
            # A parameter that is missing is a LookupError as well, and a 400 that Werkzeug has
            # made.
            return error
        body, status = _answer(error)
        return FlaskResponse(body, status, mimetype="application/json")

    async def by_fastapi(_: Any, error: Exception) -> Response:
        body, status = _answer(error)
        return Response(body, status, media_type="application/json")

    kinds = (*VALUE_ERRORS, sqlalchemy.exc.SQLAlchemyError, psycopg2.Error, *STORE_ERRORS)
    for kind in kinds:
        flask_app.register_error_handler(kind, by_flask)
        fastapi_app.add_exception_handler(kind, by_fastapi)
    # Some of MLflow's handlers lack the decorator that does this.
    flask_app.register_error_handler(MlflowException, by_flask)
    read_values_as_client_errors()
    _clean_graphql()


def _answer(error: Exception) -> tuple[str, int]:
    if isinstance(error, MlflowException):
        return error.serialize_as_json(), error.get_http_status_code()
    code, sentence = sentence_of(error)
    told = MlflowException(sentence, error_code=code)
    _logger.warning("%s: %s: %s", sentence, type(error).__name__, error, exc_info=error)
    return told.serialize_as_json(), told.get_http_status_code()


def _clean_graphql() -> None:
    """GraphQL answers 200 and gives the texts of all errors in its body."""
    from mlflow.server.graphql.graphql_schema_extensions import schema

    execute = schema.execute

    def clean_execute(*arguments: Any, **named: Any) -> Any:
        result = execute(*arguments, **named)
        for error in result.errors or ():
            cause = getattr(error, "original_error", None)
            if cause is None:
                continue
            _logger.warning("graphql: %s: %s", type(cause).__name__, cause)
            known = isinstance(cause, MlflowException)
            error.message = public_message(cause) if known else sentence_of(cause)[1]
        return result

    schema.execute = clean_execute
