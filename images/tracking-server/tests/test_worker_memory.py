"""What the server's processes hold, together."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.processes import children, new_server, proportional_mib
from tests.support.store import ObjectStore


def test_workers_share_the_imported_code(
    migrated_uri: str, object_store: ObjectStore, tmp_path: Path
) -> None:
    """The measured figures are in the README; this keeps the order of magnitude."""
    server = new_server(migrated_uri, object_store, tmp_path, 4)
    server.start()
    assert server.process is not None
    time.sleep(1)
    pids = [server.process.pid, *children(server.process.pid)]
    assert len(pids) == 5
    total = sum(proportional_mib(pid) for pid in pids)
    assert server.stop() == 0
    # MLflow's own: 949 MiB.
    assert total < 500, f"{total} MiB"


def test_one_worker_is_one_process_below_300_mib(
    migrated_uri: str, object_store: ObjectStore, tmp_path: Path
) -> None:
    server = new_server(migrated_uri, object_store, tmp_path, 1)
    server.start()
    assert server.process is not None
    assert children(server.process.pid) == []
    used = proportional_mib(server.process.pid)
    assert used < 300, f"{used} MiB"
    # After a burst of parallel uploads and searches most of what it took is given back.
    with ThreadPoolExecutor(16) as pool:
        uploads = [
            pool.submit(
                server.request,
                "PUT",
                f"/api/2.0/mlflow-artifacts/artifacts/0/burst/{i}",
                "edit",
                data=os.urandom(20_000_000),
            )
            for i in range(8)
        ]
        searches = [
            pool.submit(
                server.request,
                "POST",
                "/api/2.0/mlflow/experiments/search",
                "read",
                json={"max_results": 100},
            )
            for _ in range(100)
        ]
        assert {one.result().status_code for one in uploads + searches} == {200}
    time.sleep(2)
    after = proportional_mib(server.process.pid)
    assert server.stop() == 0
    # Measured: 310, and 490 with the allocator's defaults (mlflow_instance/memory.py).
    assert after < 400, f"{used:.0f} MiB at first, {after:.0f} MiB after a burst"
