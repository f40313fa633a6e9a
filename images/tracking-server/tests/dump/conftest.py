import logging
import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def own_process() -> Iterator[None]:
    """The commands say what SIGTERM does to their process and where its log goes; here that is pytest's."""
    end = signal.getsignal(signal.SIGTERM)
    loggers = [logging.getLogger(name) for name in (None, "mlflow_instance", "uvicorn", "botocore")]
    before = [(logger, list(logger.handlers), logger.level) for logger in loggers]
    yield
    signal.signal(signal.SIGTERM, end)
    for logger, handlers, level in before:
        logger.handlers = handlers
        logger.setLevel(level)
