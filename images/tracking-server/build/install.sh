#!/bin/sh
# Makes the server's Python environment: install.sh <folder, /opt/mlflow in the image>
# PYTHON picks the interpreter (3.11). Needs its venv module; everything else comes from requirements.txt, by hash.
set -eu

target=${1:?usage: install.sh <folder>}
python=${PYTHON:-python3}
source=$(cd "$(dirname "$0")/.." && pwd)

"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || {
  echo "install.sh: $python is not Python 3.11, which requirements.txt is for" >&2
  exit 1
}
"$python" -m venv "$target"

pip() {
  "$target/bin/python" -m pip install --quiet --root-user-action ignore --no-cache-dir --disable-pip-version-check --no-compile --no-deps "$@"
}

# --no-deps: the file is the whole list. --only-binary: nothing is compiled or run while installing.
pip --require-hashes --only-binary :all: -r "$source/requirements.txt"

# The build backend of our own package goes to a folder of its own, and away again.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pip --require-hashes --only-binary :all: --target "$work/backend" -r "$source/requirements-build.txt"
cp -r "$source/pyproject.toml" "$source/src" "$work/"
PYTHONPATH="$work/backend" pip --no-build-isolation "$work"

# MLflow asks whether databricks.agents is there, and the question itself fails when nothing named databricks is.
mkdir -p "$("$target/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/databricks"

sh "$source/build/slim.sh" "$target"
