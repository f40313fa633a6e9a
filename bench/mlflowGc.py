"""`mlflow gc` on the runs on stdin: seconds of its work, without the time that its import takes.

Everything else comes from the environment, as the backend store's URI holds a password.
"""

import json
import os
import sys
import time

from mlflow.cli import gc

run_ids = sys.stdin.read().split()
started = time.monotonic()
with open(os.devnull, "w") as nowhere:
    output, sys.stdout = sys.stdout, nowhere
    try:
        gc.main(
            [
                "--backend-store-uri",
                os.environ["GC_BACKEND_STORE_URI"],
                "--run-ids",
                ",".join(run_ids),
            ],
            standalone_mode=False,
        )
    finally:
        sys.stdout = output
print(json.dumps({"seconds": time.monotonic() - started}))
