"""One record is one line, whoever writes it, and no text of a user can look like another record."""

import json
import logging
import re
import subprocess
import sys
import unicodedata

import pytest

from mlflow_instance.logs import DATE_FORMAT, FORMAT, OneLine
from mlflow_instance.printable import printable, printable_json
from tests.support.server import Server, process_environment

EVENT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:DEBUG|INFO|WARNING|ERROR|CRITICAL) [\w.\-<>]+ "
)
FORGED = '2026-01-01T00:00:00.000Z INFO mlflow_instance.access "GET /forged" 200 token=admin 1 ms'
HOSTILE = f"a\n{FORGED}\r\n\x1b[2J\x1b]0;title\x07\x7f\x9b31m\u2028{FORGED}\u2029\x85\u202e\u2066\x00\ud800z"


def assert_truthful(text: str) -> None:
    lines = text.split("\n")
    assert lines.pop() == ""
    for line in lines:
        assert EVENT.match(line), f"not an event: {line[:300]!r}"
        assert line.isprintable(), f"not printable: {line[:300]!r}"
    assert not [line for line in lines if line.startswith(FORGED)]


def test_every_character_that_is_not_printable_is_escaped() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        told = printable(f"a{character}b")
        assert told.isprintable()
        if unicodedata.category(character)[0] in "LMNPS":
            assert told == f"a{character}b"


def test_json_of_one_line_is_the_same_value() -> None:
    value = {"name": HOSTILE.replace("\ud800", ""), "ü模型": "\U000e0001👩\u200d🔬"}
    line = printable_json(value)
    assert line.isprintable() and json.loads(line) == value and "ü模型" in line


def test_a_stack_trace_is_a_part_of_its_line() -> None:
    formatter = OneLine(FORMAT, DATE_FORMAT)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        arguments = (
            "x",
            logging.ERROR,
            __file__,
            1,
            "%s",
            (HOSTILE,),
            sys.exc_info(),
            None,
            "a\nb",
        )
        line = formatter.format(logging.LogRecord(*arguments))
    assert_truthful(line + "\n")
    assert "Traceback (most recent call last):\\n" in line and "\\u2028" in line


EVERY_LOGGER = """
import logging, sys, threading, warnings
from mlflow_instance.logs import capture_output, configure_logging
configure_logging()
capture_output()
import mlflow.server.fastapi_app, mlflow.store.tracking.sqlalchemy_store, alembic.command
import werkzeug.serving, botocore.session, boto3, urllib3, huey, uvicorn.protocols.http.h11_impl
import asyncio
HOSTILE = sys.argv[1].encode("utf-8", "surrogateescape").decode("unicode_escape")
names = sorted(logging.root.manager.loggerDict)
class Wrong:
    def __str__(self):
        raise ValueError(HOSTILE)
for name in names:
    logging.getLogger(name).error("%s", HOSTILE)
    try:
        raise OSError(HOSTILE)
    except OSError:
        logging.getLogger(name).exception(HOSTILE)
logging.getLogger("mlflow.x").error("%s %s", HOSTILE)
logging.getLogger("mlflow.x").error("%s", Wrong())
from mlflow.server import app
with app.test_request_context("/"):
    app.logger.error(HOSTILE)
import werkzeug._internal
werkzeug._internal._log("error", HOSTILE)
print(HOSTILE)
print(HOSTILE, file=sys.stderr, end="")
print()
from mlflow.utils.logging_utils import eprint
eprint(HOSTILE)
warnings.warn(HOSTILE)
def fail():
    raise RuntimeError(HOSTILE)
thread = threading.Thread(target=fail)
thread.start()
thread.join()
class Gone:
    def __del__(self):
        raise RuntimeError(HOSTILE)
Gone()
loop = asyncio.new_event_loop()
loop.call_exception_handler({"message": HOSTILE, "exception": RuntimeError(HOSTILE)})
logging.getLogger("count").error("%d loggers", len(names))
fail()
"""


LEVEL = """
import logging
from mlflow_instance.logs import configure_logging
configure_logging()
for level in ("debug", "info", "warning", "error"):
    getattr(logging.getLogger("mlflow.store"), level)("said as %s", level)
logging.getLogger("mlflow_instance.access").info("a request")
"""


@pytest.mark.parametrize(("level", "said"), [("DEBUG", 4), (None, 3), ("WARNING", 2), ("ERROR", 1)])
def test_mlflows_own_lines_from_a_level_on(level: str | None, said: int) -> None:
    environment = process_environment({} if level is None else {"MLFLOW_LOGGING_LEVEL": level})
    done = subprocess.run(
        [sys.executable, "-c", LEVEL], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and done.stderr.count("said as") == said, done.stderr
    assert "a request" in done.stderr


def test_every_logger_and_every_other_way_to_standard_error() -> None:
    environment = process_environment({"MLFLOW_DISABLE_TELEMETRY": "true"})
    argument = HOSTILE.encode("unicode_escape").decode("ascii")
    done = subprocess.run(
        [sys.executable, "-c", EVERY_LOGGER, argument],
        env=environment,
        capture_output=True,
        timeout=120,
    )
    text = done.stderr.decode("utf-8", "surrogatepass")
    assert done.returncode == 1 and done.stdout == b"", text[-2000:]
    assert_truthful(text)
    counted = re.search(r"(\d+) loggers", text)
    assert counted is not None and int(counted[1]) > 100
    for name in (
        "mlflow.server",
        "sqlalchemy.engine",
        "werkzeug",
        "botocore",
        "alembic",
        "uvicorn",
    ):
        assert f" ERROR {name} a\\n" in text, name
    for name in ("py.warnings", "uncaught", "stdout", "stderr", "asyncio"):
        assert f" {name} " in text, name


def test_requests_with_hostile_texts_leave_one_line_each(server: Server) -> None:
    """What an editor stored comes back as a line of the log."""
    clean = HOSTILE.replace("\x00", "").replace("\ud800", "")
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
    info = {"trace_id": "tr-hostile", "trace_location": location, "state": "OK"}
    info |= {"request_time": "2026-01-01T00:00:00Z", "tags": {"a": clean}}
    made = server.request(
        "POST", "/api/3.0/mlflow/traces", "edit", json={"trace": {"trace_info": info}}
    )
    assert made.status_code == 200, made.text
    tag = {"key": "mlflow.artifactLocation", "value": f"mlflow-artifacts:/{clean}"}
    path = "/api/3.0/mlflow/traces/tr-hostile/tags"
    tagged = server.request("PATCH", path, "edit", json=tag)
    assert tagged.status_code in (200, 400), tagged.text
    path, query = "/ajax-api/2.0/mlflow/get-trace-artifact", {"request_id": "tr-hostile"}
    answer = server.request("GET", path, "read", params=query)
    assert answer.status_code >= 400
    for name in (HOSTILE, clean):
        body = {"name": name, "experiment_id": "0", "run_name": name}
        for path in ("experiments/create", "runs/create", "registered-models/create"):
            server.request("POST", f"/api/2.0/mlflow/{path}", "edit", json=body)
    server.request("GET", "/api/2.0/mlflow/runs/get", "read", params={"run_id": clean})
    server.request("GET", f"/{'%0a%1b%5b2J' * 3}{FORGED.replace(' ', '%20')}", "read")
    server.request("GET", "/get-artifact", "read", params={"run_uuid": clean, "path": clean})
    server.request(
        "GET", "/", "read", headers={"Origin": "http://x/\x9b31m", "User-Agent": '"\x9b'}
    )
    assert_truthful(server.log.read_text(encoding="utf-8"))
