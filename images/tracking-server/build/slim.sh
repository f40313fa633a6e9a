#!/bin/sh
# Takes out of the environment what the running server never reads: slim.sh <folder>
# tests/test_lifecycle runs on the result.
set -eu

target=${1:?usage: slim.sh <folder>}
site=$("$target/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
cd "$site"

# Installers: an image changes by being built anew.
rm -rf pip pip-*.dist-info setuptools setuptools-*.dist-info pkg_resources _distutils_hack distutils-precedence.pth
rm -f "$target"/bin/pip* "$target"/bin/activate* "$target"/bin/Activate.ps1

# Test suites that are shipped inside packages.
rm -rf pandas/tests numpy/tests numpy/*/tests sqlalchemy/testing greenlet/tests

# Sources of compiled modules, headers, type stubs.
find . -type f \( -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' -o -name '*.c' -o -name '*.h' -o -name '*.hpp' -o -name '*.cpp' -o -name '*.pyi' -o -name '*.a' \) -delete
rm -rf numpy/_core/include numpy/f2py numpy/distutils

# boto3 knows 440 services; this server talks to S3, and to STS and SSO for its credentials.
for service in botocore/data/*/; do
  case $(basename "$service") in
    s3 | sts | sso | sso-oidc | signin) ;;
    *) rm -rf "$service" ;;
  esac
done
for service in boto3/data/*/; do
  case $(basename "$service") in s3) ;; *) rm -rf "$service" ;; esac
done

# What MLflow ships for other machines: its assistant's skills, notebook material, the source maps and notices of the UI's bundles stay out.
rm -rf mlflow/assistant/skills mlflow/models/notebook_resources mlflow/recipes mlflow/java mlflow/R
find mlflow/server/js -name '*.map' -delete
find . -path '*/protos/*.proto' -delete

# Byte code only for what a start and a migration import: compiling on every start costs seconds, all of it 100 MB.
# unchecked-hash: nothing in the image changes, so that Python needn't compare times, which a copy of the layer may alter.
find . -name __pycache__ -type d -prune -exec rm -rf {} +
list=$(mktemp)
trap 'rm -f "$list"' EXIT
PYTHONDONTWRITEBYTECODE=1 "$target/bin/python" -W ignore -m mlflow_instance.imported >"$list"
"$target/bin/python" -m compileall -q -i "$list" --invalidation-mode unchecked-hash
