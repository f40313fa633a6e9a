"""Writes that MLflow means to succeed whether or not the entry is there, and that another request
has overtaken: both looked, neither found it, and the second to write meets a unique index.

MLflow answers 400, which is final for its client: a training ends because two of its processes set
the same tag. The second attempt finds the entry.
"""

import functools
import inspect
import random
import time
from collections.abc import Callable
from typing import Any

from mlflow.exceptions import MlflowException
from sqlalchemy.exc import IntegrityError

from mlflow_instance.database_errors import state_of

# Not `create_` and `rename_`: there the entry of somebody else is the answer.
_REPEATABLE = (
    "add_",
    "link_",
    "log_inputs",
    "log_logged_model_params",
    "log_outputs",
    "register_scorer",
    "set_",
    "start_trace",
    "transition_",
    "upsert_",
)
# A scorer's version is the next number: of many at once all but one are overtaken each time.
_ATTEMPTS = 8
_UNIQUE_VIOLATION = "23505"
# Longer after each attempt; 0.7 s of a turn on average after the last one.
_PAUSE_SECONDS = 0.05


def repeat_overtaken_writes() -> None:
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking

    for store in (Tracking, Registry):
        for name, method in inspect.getmembers(store, inspect.isfunction):
            if name.startswith(_REPEATABLE) and not inspect.iscoroutinefunction(method):
                setattr(store, name, repeated(method))


def repeated(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def attempts(*arguments: Any, **named: Any) -> Any:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return method(*arguments, **named)
            except MlflowException as error:
                if attempt == _ATTEMPTS or not _was_overtaken(error):
                    raise
            time.sleep(random.uniform(0, _PAUSE_SECONDS * attempt))

    return attempts


def _was_overtaken(error: MlflowException) -> bool:
    cause = error.__cause__
    return isinstance(cause, IntegrityError) and state_of(cause) == _UNIQUE_VIOLATION
