"""Metrics for Prometheus: counted in each worker, exported by a separate process.

prometheus_client decides at its import whether several processes count together, so the modules of this package must be imported
after `prepare` has run.
"""

import os
import shutil
import tempfile
from pathlib import Path


def prepare() -> None:
    """A new folder for what the workers count: what a killed container left would be counted again."""
    folder = Path(tempfile.gettempdir()) / f"mlflow-instance-metrics-{os.getuid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def mark_process_dead(pid: int) -> None:
    """What a worker said of its state ends with it; what it counted stays."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(pid)
