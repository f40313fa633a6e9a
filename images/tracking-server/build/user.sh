#!/bin/sh
# The account that the container runs as, in the root file system given (default: this one): user.sh [<root>]
set -eu

root=${1:-}
grep -q '^mlflow:' "$root/etc/group" || echo 'mlflow:x:10001:' >>"$root/etc/group"
grep -q '^mlflow:' "$root/etc/passwd" || echo 'mlflow:x:10001:10001:MLflow:/tmp:/usr/sbin/nologin' >>"$root/etc/passwd"
