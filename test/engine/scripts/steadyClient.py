"""A training that logs a metric and a file each second with the unmodified client, until a file appears.

What it could not log it reports, and how long the longest call took.
"""

import json
import sys
import time
from pathlib import Path

from mlflow import MlflowClient

stop = Path(sys.argv[1])
client = MlflowClient()
run = client.create_run("0").info.run_id
stop.with_name("started").write_text(run)
steps, errors, longest = 0, [], 0.0
while not stop.exists() and steps < 600:
    began = time.monotonic()
    try:
        client.log_metric(run, "step", float(steps), step=steps)
        client.log_text(run, str(steps), f"{steps}.txt")
    except Exception as error:
        errors.append(f"step {steps}: {type(error).__name__}: {error}"[:500])
    steps += 1
    longest = max(longest, time.monotonic() - began)
    time.sleep(max(0.0, 1 - (time.monotonic() - began)))
stored = sorted(metric.step for metric in client.get_metric_history(run, "step"))
files = len(client.list_artifacts(run))
missing = sorted(set(range(steps)) - set(stored))
found = {"steps": steps, "missing": missing, "files": files, "errors": errors}
print(json.dumps({**found, "longest": round(longest, 1)}))
