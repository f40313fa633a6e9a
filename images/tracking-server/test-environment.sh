#!/bin/sh
# Prints the folder of the tests' environment: `venv` in it is what the image holds, `extra` what only the tests need.
# It is built once per content of the files that it depends on, beside the clone, and goes when it was not used for a day
# and another one is built.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3.11}
command -v "$python" >/dev/null || {
  echo "test-environment.sh: $python not found (Debian: apt-get install python3 python3-venv)" >&2
  exit 1
}
"$python" -c 'import ensurepip, venv' 2>/dev/null || {
  echo "test-environment.sh: $python has no venv module (Debian: apt-get install python3-venv)" >&2
  exit 1
}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mlflow-instances/tracking-server-tests
inputs="pyproject.toml requirements.txt requirements-build.txt requirements-test.txt build/install.sh build/slim.sh src/mlflow_instance/imported.py"
# shellcheck disable=SC2086
key=$( (cd "$here" && cat $inputs && "$python" -V && command -v "$python") | sha256sum | cut -c1-16)
environment=$cache/$key

mkdir -p "$cache"
# One at a time, and only a finished environment says that it is complete: a run that was killed leaves nothing that looks like one.
exec 9>"$cache/lock"
flock 9
if [ ! -e "$environment/complete" ]; then
  echo "making the environment of the tracking server's tests (once per change of the requirements, 1-2 min)" >&2
  rm -rf "$environment"
  mkdir -p "$environment"
  PYTHON=$python sh "$here/build/install.sh" "$environment/venv" >&2
  # The image's environment has no pip left.
  "$python" -m venv "$environment/pip"
  "$environment/pip/bin/python" -m pip install --quiet --root-user-action ignore --no-cache-dir --disable-pip-version-check \
    --no-deps --require-hashes --only-binary :all: --target "$environment/extra" -r "$here/requirements-test.txt" >&2
  rm -rf "$environment/pip"
  : >"$environment/complete"
  # Tests of another branch may run in one of these now.
  find "$cache" -mindepth 1 -maxdepth 1 -type d ! -path "$environment" -mmin +1440 -exec rm -rf {} +
fi
touch "$environment"
echo "$environment"
