#!/bin/sh
# Runs the image's tests on exactly the environment that the image holds: run-tests.sh [pytest arguments]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
environment=$(sh "$here/test-environment.sh")

# The installed copy of our package gives way to the one in this checkout. What only the tests need comes last in the path and
# is not passed on to the servers that they start. os._exit: pytest's summary stays the last line, whatever a library says at exit.
cd "$here"
exec env PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here/src" MLFLOW_INSTANCE_TEST_EXTRA="$environment/extra" \
  "$environment/venv/bin/python" -c '
import os, sys
sys.path.append(os.environ["MLFLOW_INSTANCE_TEST_EXTRA"])
import pytest
code = pytest.main()
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)
' "$@"
