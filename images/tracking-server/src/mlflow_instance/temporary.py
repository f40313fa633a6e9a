"""A folder of its own for each worker's temporary files, and the end of those of dead workers.

MLflow's handlers remove their files when they end. A worker that is killed leaves them, and the
pod's `/tmp` outlives the container: what is left adds up to the `sizeLimit`, which evicts the pod.
"""

import fcntl
import logging
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_logger = logging.getLogger(__name__)


@contextmanager
def own_temporary_folder() -> Iterator[Path]:
    """Before the worker's first request; the folder ends with the block."""
    base = Path(tempfile.gettempdir()) / f"mlflow-instance-{os.getuid()}"
    base.mkdir(mode=0o700, exist_ok=True)
    found = base.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise OSError(f"{base} is somebody else's; remove it, or set TMPDIR")
    with _locked(base):
        # Process ids come again, 1 in each container. A lock ends with its process.
        _remove_abandoned(base)
        folder = Path(tempfile.mkdtemp(dir=base))
        held = _lock(folder, wait=False)
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)


def _remove_abandoned(base: Path) -> None:
    for folder in base.iterdir():
        try:
            held = _lock(folder, wait=False)
        except OSError:
            # Gone with its worker in the meantime, or no folder of ours: no reason not to start.
            continue
        if held is None:
            continue
        left = sum(1 for path in folder.rglob("*") if path.is_file())
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)
        if left:
            _logger.info("removed %d temporary files of a worker that was killed", left)


def _lock(folder: Path, wait: bool) -> int | None:
    """The open folder with its lock, None when another process has it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _locked(base: Path) -> Iterator[None]:
    held = _lock(base, wait=True)
    try:
        yield
    finally:
        if held is not None:
            os.close(held)
