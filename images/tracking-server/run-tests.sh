#!/bin/sh
# Runs the image's tests on exactly the environment that the image holds: run-tests.sh [pytest arguments]
# The environment is built once per content of the files it depends on, beside the clone.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3.11}
command -v "$python" >/dev/null || {
  echo "run-tests.sh: $python not found (Debian: apt-get install python3 python3-venv)" >&2
  exit 1
}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mlflow-instances/tracking-server-tests
key=$( (cd "$here" && cat requirements.txt requirements-build.txt requirements-test.txt build/install.sh build/slim.sh && "$python" -V && command -v "$python") | sha256sum | cut -c1-16)
environment=$cache/$key

mkdir -p "$cache"
# One at a time, and only a finished environment has its name: a run that was killed leaves nothing that looks complete.
exec 9>"$cache/lock"
flock 9
if [ ! -e "$environment/complete" ]; then
  echo "run-tests.sh: making the test environment (once per change of the requirements, 1-2 min)"
  rm -rf "$environment"
  mkdir -p "$environment"
  PYTHON=$python sh "$here/build/install.sh" "$environment/venv"
  # The image's environment has no pip left.
  "$python" -m venv "$environment/pip"
  "$environment/pip/bin/python" -m pip install --quiet --no-cache-dir --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
    --target "$environment/extra" -r "$here/requirements-test.txt"
  rm -rf "$environment/pip"
  : >"$environment/complete"
fi
flock -u 9

# The installed copy of our package gives way to the one in this checkout; the pytest side is kept out of the servers that the tests start.
cd "$here"
exec env PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here/src" MLFLOW_INSTANCE_TEST_EXTRA="$environment/extra" \
  "$environment/venv/bin/python" -c 'import os, sys; sys.path.append(os.environ["MLFLOW_INSTANCE_TEST_EXTRA"]); import pytest; sys.exit(pytest.main())' "$@"
