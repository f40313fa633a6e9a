"""Which code a client is told for an error that MLflow has given none.

`MlflowException` without a code is INTERNAL_ERROR, HTTP 500, and MLflow raises it for what is wrong
with a request as well: a key to order by that is there twice, a location that is no URI. Its client
repeats a 500 for minutes. So a 500 is left where the server failed.
"""

from collections.abc import Callable, Iterable

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
    NOT_IMPLEMENTED,
    TEMPORARILY_UNAVAILABLE,
    ErrorCode,
)

from mlflow_instance.value_errors import is_about_a_value

# MLflow has tried several times and was overtaken by other requests each time.
_OVERTAKEN = ("retries. Keys:", "Giving up after")
_SWITCHED_OFF = ("feature is not enabled",)


def code_of(
    error: MlflowException,
    causes: Iterable[BaseException],
    infrastructure: tuple[type[BaseException], ...],
    code_of_infrastructure: Callable[[BaseException], int],
) -> int:
    """`causes` are all errors that led to this one."""
    code = int(ErrorCode.Value(error.error_code))
    if code != INTERNAL_ERROR:
        return code
    if any(mark in error.message for mark in _OVERTAKEN):
        return int(TEMPORARILY_UNAVAILABLE)
    for cause in causes:
        if isinstance(cause, infrastructure):
            return code_of_infrastructure(cause)
        if not isinstance(cause, MlflowException) and not is_about_a_value(cause):
            return code
    if any(mark in error.message for mark in _SWITCHED_OFF):
        return int(NOT_IMPLEMENTED)
    return int(INVALID_PARAMETER_VALUE)
