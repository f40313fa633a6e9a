"""`mlflow-instance-server`: the container's command."""

import os
import sys

# One thread per process is enough for the little arithmetic a tracking server does, and a fork
# wants no other threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from mlflow_instance.logs import capture_output, configure_logging, say
from mlflow_instance.memory import give_memory_back
from mlflow_instance.metrics import prepare as prepare_metrics
from mlflow_instance.schema import SchemaError
from mlflow_instance.schema_wait import wait_for_schema
from mlflow_instance.settings import SettingsError, read_settings
from mlflow_instance.signals import exit_on_signals


def main() -> int:
    configure_logging()
    capture_output()
    give_memory_back()
    exit_on_signals(0)
    try:
        settings = read_settings()
        wait_for_schema(settings.database_uri, settings.schema_wait_seconds)
        if settings.metrics_port is not None:
            prepare_metrics()
        from mlflow_instance.app import build_app
        from mlflow_instance.workers import serve

        return serve(build_app(settings), settings)
    except (SettingsError, SchemaError, OSError) as error:
        say("mlflow-instance-server", str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
