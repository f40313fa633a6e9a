"""Errors of Python that follow from a value in the request, or in a row that the request names.

MLflow checks a part of what clients send. The rest fails somewhere in its handlers, with Python's
own errors, as HTTP 500: its client repeats that for minutes, and each attempt ends in the same way.
"""

import functools
import logging
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from werkzeug.exceptions import HTTPException

_logger = logging.getLogger(__name__)

NOT_OF_ITS_KIND = (
    INVALID_PARAMETER_VALUE,
    "A value in the request, or in what it refers to, is not of the kind that its field takes",
)
# What Python raises for a value of another type, size or depth than the code expects.
VALUE_ERRORS = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
_OURS = str(Path(__file__).parent)


def is_about_a_value(error: BaseException) -> bool:
    """Not an error of our own code, and not a module that is half made: these are the server's."""
    if not isinstance(error, VALUE_ERRORS):
        return False
    if isinstance(error, AttributeError) and isinstance(error.obj, ModuleType):
        return False
    # Only the values that a client has sent are the subject of a ValueError.
    return isinstance(error, ValueError) or not _is_raised_by_us(error)


def _is_raised_by_us(error: BaseException) -> bool:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_filename.startswith(_OURS)


def read_values_as_client_errors() -> None:
    """Whatever ends MLflow's reading of a request is about the request. protobuf's C code raises
    SystemError for half of a surrogate pair where a message is expected.
    """
    import mlflow.server.handlers as handlers

    for name in ("_get_request_message", "_get_validated_flask_request_json"):
        setattr(handlers, name, _reading(getattr(handlers, name)))


def _reading(read: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(read)
    def reading(*arguments: Any, **named: Any) -> Any:
        try:
            return read(*arguments, **named)
        except (MlflowException, HTTPException):
            raise
        except Exception as error:
            code, sentence = NOT_OF_ITS_KIND
            _logger.warning("%s: %s: %s", sentence, type(error).__name__, error)
            raise MlflowException(sentence, error_code=code) from error

    return reading
