"""One line per event on standard error, times in UTC, the same shape for ours, uvicorn's, MLflow's and every other library's.

A stack trace is a part of its line, with the line breaks escaped: users choose names, tags and messages, and what they choose must not
look like an event of its own.
"""

import io
import logging
import os
import sys
import threading
import time
from types import TracebackType
from typing import Any, TextIO

from mlflow_instance.printable import printable
from mlflow_instance.redacted import redacted

FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s"
DATE_FORMAT = "%Y-%m-%dT%H:%M:%S"
# MLflow gives these a handler and a format of its own when it is imported.
_OF_MLFLOW = {
    "mlflow": logging.INFO,
    "alembic": logging.WARNING,
    "sqlalchemy.engine": logging.WARNING,
}
# A text without an end is written in pieces of this many characters.
_LONGEST = 64 * 1024

_uncaught = logging.getLogger("uncaught")


class OneLine(logging.Formatter):
    converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        return printable(redacted(record.name, super().format(record)))


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """logging's own writes a stack trace of many lines."""
        kind = sys.exc_info()[0]
        text = f"a log record failed ({kind.__name__ if kind else '?'}): {record.msg!r}"
        told = {"name": record.name, "levelno": logging.ERROR, "levelname": "ERROR", "msg": text}
        line = (self.formatter or logging.Formatter()).format(logging.makeLogRecord(told))
        self.stream.write(line + self.terminator)


def configure_logging(level: int = logging.INFO) -> None:
    handler = _Handler(sys.__stderr__ or sys.stderr)
    handler.setFormatter(OneLine(FORMAT, DATE_FORMAT))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    os.environ["MLFLOW_CONFIGURE_LOGGING"] = "false"
    of_mlflow = {**_OF_MLFLOW, "mlflow": _mlflow_level()}
    for name, own in {**of_mlflow, "mlflow_instance": level, "uvicorn": level}.items():
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
        logger.setLevel(own)
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda of: _log_uncaught(of.exc_type, of.exc_value, of.exc_traceback)
    sys.unraisablehook = lambda of: _log_uncaught(of.exc_type, of.exc_value, of.exc_traceback)


def _mlflow_level() -> int:
    named = logging.getLevelName(os.environ.get("MLFLOW_LOGGING_LEVEL", "INFO").upper())
    return named if isinstance(named, int) else logging.INFO


def _log_uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _uncaught.critical("%s", kind.__name__, exc_info=(kind, error or kind(), trace))


def capture_output() -> None:
    """What libraries print becomes events as well. For the server, whose standard output is nobody's interface."""
    sys.stdout = _Lines("stdout")
    sys.stderr = _Lines("stderr")


def say(program: str, text: str) -> None:
    """A command's last word, for the person who started it: each line of `text` is one."""
    # Under `configure_logging` what is written to sys.stderr becomes a record of the log.
    stream = sys.__stderr__ if isinstance(sys.stderr, _Lines) and sys.__stderr__ else sys.stderr
    for line in text.strip().split("\n"):
        stream.write(f"{program}: {printable(line)}\n")
    stream.flush()


class _Lines(io.TextIOBase):
    """A text stream, each line of which is one event."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)
        self._logger.setLevel(logging.INFO)
        self._begun = threading.local()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return (sys.__stderr__ or sys.stderr).fileno()

    def write(self, text: str) -> int:
        # By thread: two that print at once do not mix.
        *whole, rest = (getattr(self._begun, "text", "") + text).split("\n")
        self._begun.text = ""
        for line in whole:
            if line:
                self._logger.info("%s", line)
        if len(rest) > _LONGEST:
            self._logger.info("%s", rest)
        else:
            self._begun.text = rest
        return len(text)

    def flush(self) -> None:
        pass


# uvicorn is told to configure nothing: the access line is ours (it names the token) and the rest
# goes to the root handler.
UVICORN: dict[str, Any] = {"log_config": None, "access_log": False}
