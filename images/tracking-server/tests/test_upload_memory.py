"""What uploads hold is what they are counted with: the bound of their number rests on it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlflow_instance.limits import MIB, limits_of
from mlflow_instance.uploads import plan
from tests.support.server import process_environment
from tests.support.sink import sink

_SCRIPT = Path(__file__).parent / "support" / "upload_memory.py"
_COUNT, _EACH = 6, 24


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_uploads_take_no_more_than_they_are_counted_with(tls: bool, tmp_path: Path) -> None:
    planned = plan(_EACH * MIB, limits_of(768 * MIB, 1, 5))
    assert planned is not None
    with sink(tmp_path / "certificate.pem" if tls else None) as url:
        measured = subprocess.run(
            [sys.executable, "-W", "ignore", str(_SCRIPT), url, str(_COUNT), str(_EACH)],
            env=process_environment({"PYTHONPATH": os.environ["PYTHONPATH"]}),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert measured.returncode == 0, measured.stderr
    peak = json.loads(measured.stdout)["peak"]
    # They were in flight together, or the peak says nothing.
    assert _COUNT * 9 * MIB < peak <= _COUNT * planned[0], f"{peak / _COUNT / MIB:.1f} MiB each"
