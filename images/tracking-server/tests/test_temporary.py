"""What a killed worker left of temporary files is gone when the next one starts, and nobody
else's is.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mlflow_instance.temporary import own_temporary_folder

_WORKER = """
import sys, tempfile, time
from mlflow_instance.temporary import own_temporary_folder
with own_temporary_folder() as folder:
    left = tempfile.TemporaryDirectory()
    open(left.name + "/artifact.bin", "w").write("x" * 1000)
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"mlflow-instance-{os.getuid()}"


def _start(tmp_path: Path) -> "tuple[subprocess.Popen[str], Path]":
    worker = subprocess.Popen(
        [sys.executable, "-c", _WORKER],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    return worker, Path(worker.stdout.readline().strip())


def _end(worker: "subprocess.Popen[str]") -> None:
    assert worker.stdin is not None and worker.stdout is not None
    worker.stdin.close()
    worker.stdout.close()
    worker.wait(10)


def test_files_of_a_killed_worker_go_and_those_of_a_living_one_stay(
    base: Path, tmp_path: Path
) -> None:
    living, its_folder = _start(tmp_path)
    killed, left = _start(tmp_path)
    killed.send_signal(signal.SIGKILL)
    _end(killed)
    assert its_folder.parent == left.parent == base
    assert list(left.glob("*/artifact.bin"))
    with own_temporary_folder() as own:
        assert not left.exists()
        assert list(its_folder.glob("*/artifact.bin"))
        assert Path(tempfile.mkdtemp()).parent == own
    _end(living)
    # Each that ends by itself takes its own along.
    assert list(base.iterdir()) == []


def test_a_folder_of_somebody_else_is_not_touched(base: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "file").mkdir(parents=True)
    base.symlink_to(other)
    with pytest.raises(OSError, match="somebody else"), own_temporary_folder():
        pass
    assert (other / "file").exists()


def test_what_is_no_folder_of_ours_stops_no_start(base: Path, tmp_path: Path) -> None:
    base.mkdir(mode=0o700)
    (base / "file").write_text("x")
    (tmp_path / "other").mkdir()
    (base / "link").symlink_to(tmp_path / "other")
    (base / "nowhere").symlink_to(tmp_path / "nothing")
    with own_temporary_folder() as own:
        assert own.is_dir()
    assert (tmp_path / "other").exists()
    assert sorted(path.name for path in base.iterdir()) == ["file", "link", "nowhere"]
