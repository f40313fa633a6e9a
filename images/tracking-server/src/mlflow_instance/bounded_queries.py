"""Puts the limits of a request (query_limits.py) where MLflow reads it and where its statements
leave.

Every filter passes one of MLflow's parsers and nearly every request its reader of messages, so no
route can be forgotten. What is left is stopped at the statement.
"""

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

import graphql
from google.protobuf.message import Message
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from sqlalchemy import Engine, event

from mlflow_instance.query_limits import (
    check_condition,
    check_conditions,
    check_filter_text,
    check_message,
    check_order_by,
    check_query_text,
    check_statement,
)

# Stores' searches that routes of FastAPI call without a message of protobuf.
_ORDERED = ("search_mcp_servers", "search_mcp_server_versions", "search_mcp_access_endpoints")


def bound_queries() -> None:
    import mlflow.utils.proto_json_utils as messages
    import mlflow.utils.search_logged_model_utils as logged_models
    import mlflow.utils.search_utils as search
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    for value in list(vars(search).values()):
        if isinstance(value, type) and "parse_search_filter" in vars(value):
            _wrap_class_method(value, "parse_search_filter", _bounded_filter)
    logged_models.parse_filter_string = _bounded_filter(logged_models.parse_filter_string)
    _replace_everywhere("parse_dict", messages.parse_dict, _bounded_message(messages.parse_dict))
    # The handler imports it from the package in each request.
    graphql.parse = _bounded_document(graphql.parse)
    for name in _ORDERED:
        setattr(SqlAlchemyStore, name, _bounded_order(getattr(SqlAlchemyStore, name)))
    event.listen(Engine, "before_cursor_execute", _before_execute)


def _replace_everywhere(name: str, old: Any, new: Any) -> None:
    """Modules that are loaded hold the function under its name; those that are loaded later find
    the new one.
    """
    for path, module in list(sys.modules.items()):
        # None: imports.py says of a module that it is absent.
        if module is not None and path.startswith("mlflow.") and vars(module).get(name) is old:
            setattr(module, name, new)


def _wrap_class_method(owner: type, name: str, wrap: Callable[[Any], Any]) -> None:
    # The function below the class method: subclasses must still be its first argument.
    setattr(owner, name, classmethod(wrap(vars(owner)[name].__func__)))


def _bounded_filter(parse: Callable[..., Any]) -> Callable[..., Any]:
    """`parse` takes the filter as its last argument and returns its conditions, or one."""

    @functools.wraps(parse)
    def bounded(*arguments: Any, **named: Any) -> Any:
        check_filter_text(named.get("filter_string", arguments[-1] if arguments else None))
        parsed = parse(*arguments, **named)
        conditions = parsed if isinstance(parsed, list) else [parsed]
        check_conditions(len(conditions))
        for condition in conditions:
            check_condition(*_comparator_and_value(condition))
        return parsed

    return bounded


def _comparator_and_value(condition: Any) -> tuple[str, Any]:
    if isinstance(condition, dict):
        return str(condition.get("comparator", "")), condition.get("value")
    return str(getattr(condition, "op", getattr(condition, "comparator", ""))), getattr(
        condition, "value", None
    )


def _bounded_message(parse: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(parse)
    def bounded(values: Any, message: Message) -> Any:
        parsed = parse(values, message)
        check_message(message)
        return parsed

    return bounded


def _bounded_document(parse: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(parse)
    def bounded(source: Any, *arguments: Any, **named: Any) -> Any:
        check_query_text(source)
        try:
            return parse(source, *arguments, **named)
        except RecursionError:
            raise MlflowException(
                "The query is nested too deeply", error_code=INVALID_PARAMETER_VALUE
            ) from None
        except graphql.GraphQLError as error:
            # MLflow answers 500 to what is no query.
            raise MlflowException(
                f"Not a query: {error.message[:200]}", error_code=INVALID_PARAMETER_VALUE
            ) from None

    return bounded


def _bounded_order(search: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(search)

    @functools.wraps(search)
    def bounded(*arguments: Any, **named: Any) -> Any:
        check_order_by(signature.bind(*arguments, **named).arguments.get("order_by"))
        return search(*arguments, **named)

    return bounded


def _before_execute(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    check_statement(statement)
