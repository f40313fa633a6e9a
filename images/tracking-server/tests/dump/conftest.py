import logging
import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def own_process() -> Iterator[None]:
    """The commands say what signals do to their process and where its log goes; here that is pytest's."""
    ends = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    loggers = [logging.getLogger(name) for name in (None, "mlflow_instance", "uvicorn", "botocore")]
    before = [(logger, list(logger.handlers), logger.level) for logger in loggers]
    yield
    for number, end in ends.items():
        signal.signal(number, end)
    for logger, handlers, level in before:
        logger.handlers = handlers
        logger.setLevel(level)
