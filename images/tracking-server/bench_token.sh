#!/bin/sh
# Runs bench_token.py on the environment that the image holds.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
environment=$(sh "$here/test-environment.sh")
exec env PYTHONPATH="$here/src" PYTHONDONTWRITEBYTECODE=1 MLFLOW_INSTANCE_TEST_EXTRA="$environment/extra" \
  "$environment/venv/bin/python" "$here/bench_token.py"
