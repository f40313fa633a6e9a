"""A name that somebody chose is one line, and no terminal obeys it."""

import io
import json

import pytest

from mlflow_instance.maintenance.command import _fail
from mlflow_instance.maintenance.events import Events

NAMES = [
    "a\nb",
    "\x1b[2J",
    "\x9b2J",
    "a\u2028b",
    "a\u0085b",
    "\u202egnp.exe",
    "\x7f",
    "größe 名前",
    '"},{"event": "summary"',
]


@pytest.mark.parametrize("name", NAMES)
def test_a_line_is_one_line_and_reads_back(name: str) -> None:
    output = io.StringIO()
    Events(every_item=True, stream=output).always("keep", name=name)
    (line,) = output.getvalue().splitlines()
    assert json.loads(line) == {"event": "keep", "name": name}
    assert all(character.isprintable() for character in line)


@pytest.mark.parametrize("name", NAMES)
def test_a_message_too(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _fail("restore", f"experiment {name} is not deleted", 1) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert all(character.isprintable() for character in line)
