"""What a client is told when the database raises an error, and with which code.

MLflow puts the text of the driver's error into its answer: statement, parameters, host, user and database. It also answers every error
but a lost connection with 400, and a string that PostgreSQL can't store with 500. The full text belongs in the log alone.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg2
import sqlalchemy.exc
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    BAD_REQUEST,
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
    TEMPORARILY_UNAVAILABLE,
)

from mlflow_instance.value_errors import NOT_OF_ITS_KIND, is_about_a_value

_logger = logging.getLogger(__name__)

INTERNAL = (INTERNAL_ERROR, "The tracking server failed; the reason is in its log")
_AWAY = (TEMPORARILY_UNAVAILABLE, "The database does not answer at the moment; try again")
_BUSY = (TEMPORARILY_UNAVAILABLE, "The database is busy at the moment; try again")
_TOO_LONG = (
    BAD_REQUEST,
    "The database needs longer for this than the server allows; ask for less at once",
)
_UNSTORABLE = (
    INVALID_PARAMETER_VALUE,
    "A text has a character that can't be stored: U+0000, or half of a surrogate pair",
)

# By SQLSTATE, the longest prefix first
# (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_BY_STATE: Mapping[str, tuple[int, str]] = {
    "08": _AWAY,
    "57P": _AWAY,
    # A server that has become a standby: the failover isn't over.
    "25006": _AWAY,
    "25P03": _BUSY,
    "53": _BUSY,
    "55": _BUSY,
    "40001": _BUSY,
    # MLflow itself repeats what its message calls a deadlock.
    "40P01": (
        TEMPORARILY_UNAVAILABLE,
        "The database ended the request because of a deadlock with another one; try again",
    ),
    # A limit on temporary files.
    "53400": _TOO_LONG,
    "54": (BAD_REQUEST, "The request is too complex for the database; ask for less at once"),
    "21000": (INVALID_PARAMETER_VALUE, "The same entry is in the request twice"),
    "22003": (INVALID_PARAMETER_VALUE, "A number is outside of the range that can be stored"),
    "22008": (INVALID_PARAMETER_VALUE, "A time is outside of the range that can be stored"),
    "2201B": (INVALID_PARAMETER_VALUE, "A pattern is not a valid regular expression"),
    "22021": _UNSTORABLE,
    "22P05": _UNSTORABLE,
    "22": (INVALID_PARAMETER_VALUE, "A value can't be stored in the field that it is for"),
    "23503": (
        RESOURCE_DOES_NOT_EXIST,
        "The request refers to something that does not exist, or that something else still needs",
    ),
    "23505": (RESOURCE_ALREADY_EXISTS, "An entry with this name or id already exists"),
    "23": (INVALID_PARAMETER_VALUE, "A value is not allowed in the field that it is for"),
}
_LIMIT = re.compile(r"type character(?: varying)?\((\d+)\)")
_TABLE = re.compile(r"\s*(?:INSERT INTO|UPDATE) \"?(\w+)", re.IGNORECASE)
# What SQLAlchemy adds to a column's name when a statement has it several times.
_REPEATED = re.compile(r"(?:__\d+|_m\d+)$")


def public_error(error: BaseException) -> tuple[int, str]:
    """MLflow's error code and one sentence, without anything that only the operator should see."""
    driver = getattr(error, "orig", None) or error
    if isinstance(driver, UnicodeError) or (
        isinstance(driver, ValueError) and "NUL (0x00)" in str(driver)
    ):
        return _UNSTORABLE
    if isinstance(error, sqlalchemy.exc.TimeoutError):
        return _BUSY
    state = state_of(error)
    if state is None:
        # A connection that failed, or was cut off, has no SQLSTATE.
        if driver is error and is_about_a_value(error):
            return NOT_OF_ITS_KIND
        lost = isinstance(driver, psycopg2.OperationalError | psycopg2.InterfaceError) or getattr(
            error, "connection_invalidated", False
        )
        return _AWAY if lost else INTERNAL
    if state == "22001":
        return INVALID_PARAMETER_VALUE, _too_long_value(error)
    if state == "23502":
        return (
            INVALID_PARAMETER_VALUE,
            f"{_field(getattr(driver.diag, 'column_name', None))} is missing",
        )
    if state == "57014":
        # A client repeats a 503, which helps a write that waited for a lock and not a search that
        # is too much.
        reading = not _TABLE.match(getattr(error, "statement", None) or "SELECT")
        return _TOO_LONG if reading else _BUSY
    return next(
        (_BY_STATE[state[:length]] for length in (5, 3, 2) if state[:length] in _BY_STATE), INTERNAL
    )


def state_of(error: BaseException) -> str | None:
    """SQLSTATE, where the database itself has raised the error."""
    state = getattr(getattr(error, "orig", None) or error, "pgcode", None)
    return str(state) if state else None


def _too_long_value(error: BaseException) -> str:
    """Names the field and its limit: PostgreSQL names the limit alone, and the field is the one whose value is longer."""
    limit = _LIMIT.search(str(getattr(error, "orig", error)))
    if limit is None:
        return "A value is too long for the field that it is for"
    most = int(limit[1])
    for name, value in _parameters(error):
        if isinstance(value, str) and len(value) > most:
            return f"{_field(name, error)} has {len(value)} characters, more than the {most} that can be stored"
    return f"A value has more than the {most} characters that can be stored"


def _parameters(error: BaseException) -> Iterator[tuple[str, Any]]:
    given = getattr(error, "params", None) or ()
    for row in [given] if isinstance(given, Mapping) else given:
        if isinstance(row, Mapping):
            yield from ((_REPEATED.sub("", str(name)), value) for name, value in row.items())


def _field(column: object, error: BaseException | None = None) -> str:
    table = _TABLE.match(getattr(error, "statement", None) or "")
    return f"{column or 'A field'} (of {table[1]})" if table else f"{column or 'A field'}"


def translate_database_errors() -> None:
    """Before the stores are made: what leaves a session of theirs is then told as above."""
    import mlflow.store.db.utils as utils
    import mlflow.store.jobs.sqlalchemy_store as jobs
    import mlflow.store.model_registry.sqlalchemy_store as registry

    original = utils._get_managed_session_maker
    if getattr(original, "translates", False):
        return
    translating: Any = _translating(original)
    translating.translates = True
    for module in (utils, registry, jobs):
        module._get_managed_session_maker = translating


def _translating(original: Callable[..., Any]) -> Callable[..., Any]:
    def maker(session_maker: Any, db_type: str) -> Callable[..., AbstractContextManager[Any]]:
        sessions = original(session_maker, db_type)

        @contextmanager
        def session(read_only: bool = True) -> Iterator[Any]:
            try:
                with sessions(read_only=read_only) as opened:
                    yield opened
            except MlflowException as error:
                cause = error.__cause__
                # MLflow's own conversion; what a store has worded itself stays as it is.
                if (
                    cause is None
                    or isinstance(cause, MlflowException)
                    or error.message != str(cause)
                ):
                    raise
                code, sentence = public_error(cause)
                of_database = isinstance(cause, sqlalchemy.exc.SQLAlchemyError)
                _logger.warning(
                    "%s: %s: %s",
                    sentence,
                    type(cause).__name__,
                    cause,
                    exc_info=None if of_database else cause,
                )
                raise MlflowException(sentence, error_code=code) from cause

        return session

    return maker
