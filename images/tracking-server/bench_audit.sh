#!/bin/sh
# Runs bench_audit.py on the environment that the image holds.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
environment=$(sh "$here/test-environment.sh")
cd "$here"
exec env PYTHONPATH="$here/src" PYTHONDONTWRITEBYTECODE=1 MLFLOW_INSTANCE_TEST_EXTRA="$environment/extra" \
  "$environment/venv/bin/python" -c '
import os, runpy, sys
sys.path[:0] = ["."]
sys.path.append(os.environ["MLFLOW_INSTANCE_TEST_EXTRA"])
runpy.run_path("bench_audit.py", run_name="__main__")
'
