"""The unmodified client of this process.

MLflow keeps its settings for the whole process: what one test leaves, the next test's client uses.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.server import Server, token_of

_SETTINGS = ("MLFLOW_TRACKING_", "MLFLOW_REGISTRY_", "MLFLOW_EXPERIMENT_", "MLFLOW_RUN_ID", "AWS_")


@contextmanager
def client_of(server: Server, role: str, **settings: str) -> Iterator[None]:
    """Inside, `mlflow.…` talks to `server` with a token of `role`; afterwards it knows of neither."""
    import mlflow
    from mlflow.tracking import fluent

    kept = dict(os.environ)
    os.environ["MLFLOW_TRACKING_URI"] = server.url
    os.environ["MLFLOW_TRACKING_TOKEN"] = token_of(role)
    os.environ.update(settings)
    try:
        yield
        mlflow.flush_trace_async_logging()
    finally:
        fluent._active_experiment_id = None
        os.environ.clear()
        os.environ.update(kept)


def left_behind() -> dict[str, str]:
    """What the next test's client would take over from this one."""
    found = {name: value for name, value in os.environ.items() if name.startswith(_SETTINGS)}
    for module, names in {
        "mlflow.tracking._tracking_service.utils": ["_tracking_uri"],
        "mlflow.tracking._model_registry.utils": ["_registry_uri"],
        "mlflow.tracking.fluent": ["_active_experiment_id"],
    }.items():
        for name in names if module in sys.modules else []:
            value = getattr(sys.modules[module], name)
            if value is not None:
                found[f"{module}.{name}"] = value
    return found
