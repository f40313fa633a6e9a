"""One line per event on standard error, times in UTC, the same shape for ours, uvicorn's and MLflow's."""

import logging
import sys
import time
from typing import Any

FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s"
DATE_FORMAT = "%Y-%m-%dT%H:%M:%S"


def configure_logging(level: int = logging.INFO) -> None:
    formatter = logging.Formatter(FORMAT, DATE_FORMAT)
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in ("mlflow_instance", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
        logger.setLevel(level)


# uvicorn is told to configure nothing: the access line is ours (it names the token) and the rest goes to the root handler.
UVICORN: dict[str, Any] = {"log_config": None, "access_log": False}
