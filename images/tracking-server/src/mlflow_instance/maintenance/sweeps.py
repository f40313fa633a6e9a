"""What a bucket without a lifecycle collects: noncurrent versions, temporary objects, aborted uploads; and our own old reports."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mlflow_instance.maintenance.bucket import KEYS_PER_CALL, Bucket, Failure, Version
from mlflow_instance.maintenance.report import started_at
from mlflow_instance.maintenance.unfinished import folders

TEMPORARY = timedelta(days=7)
UPLOADS = timedelta(days=7)
REPORTS = timedelta(days=365)
_COMMANDS = ("retention", "purge", "stale-runs", "orphans")


@dataclass
class Swept:
    what: str
    objects: int = 0
    bytes: int = 0
    failures: list[Failure] = field(default_factory=list)

    def add(self, size: int) -> None:
        self.objects += 1
        self.bytes += size


def sweep_versions(bucket: Bucket, superseded_before: datetime, *, delete: bool) -> Swept:
    """Noncurrent versions that were superseded long enough ago, and then the delete markers with nothing behind them.

    A marker goes only after everything behind it has gone for good: taken away earlier it would bring the object back.
    """
    swept = Swept("noncurrentVersions")
    versions: list[Version] = []
    markers: list[Version] = []

    def remove(batch: list[Version]) -> set[str]:
        failures = bucket.delete_versions(batch) if delete and batch else []
        swept.failures += failures
        failed = {failure.key for failure in failures}
        for version in batch:
            if version.key not in failed:
                swept.add(version.size)
        return failed

    def flush() -> None:
        failed = remove(versions)
        remove([marker for marker in markers if marker.key not in failed])
        versions.clear()
        markers.clear()

    marker: Version | None = None
    newer: Version | None = None
    whole = True
    for version in bucket.versions():
        if newer is None or version.key != newer.key:
            if marker is not None and whole:
                markers.append(marker)
            if len(versions) + len(markers) >= KEYS_PER_CALL:
                flush()
            whole = True
            marker = (
                version
                if version.marker and version.latest and version.modified <= superseded_before
                else None
            )
            if not version.latest:
                # A store that was changed while we listed it: not judged.
                whole, marker = False, None
        # Superseded when the next newer one came. A store that turns an object into its own marker
        # gives that the object's time; there the version has the time at which it was put aside.
        elif max(newer.modified, version.modified) <= superseded_before and not version.latest:
            versions.append(version)
            if len(versions) >= KEYS_PER_CALL:
                whole = not remove(versions) and whole
                versions.clear()
        else:
            whole = False
        newer = version
    if marker is not None and whole:
        markers.append(marker)
    flush()
    return swept


def sweep_temporary(bucket: Bucket, now: datetime, *, delete: bool) -> Swept:
    swept = Swept("temporary")
    old = (
        (found.key, found.size)
        for found in bucket.objects("tmp/")
        if found.modified <= now - TEMPORARY
    )
    _remove_objects(bucket, old, swept, delete)
    return swept


def sweep_uploads(bucket: Bucket, now: datetime, *, delete: bool) -> Swept:
    swept = Swept("uploads")
    # Listed to the end first: aborting while a listing goes on may make it skip some.
    for upload in [upload for upload in bucket.uploads() if upload.initiated <= now - UPLOADS]:
        failure = bucket.abort(upload) if delete else None
        if failure is None:
            swept.add(0)
        else:
            swept.failures.append(failure)
    return swept


def sweep_reports(bucket: Bucket, now: datetime, *, delete: bool) -> Swept:
    swept = Swept("reports")
    for command in _COMMANDS:
        for folder, finished in folders(bucket, command):
            started = started_at(folder.path)
            # An unfinished plan is a task, however old.
            if started is not None and finished and started <= now - REPORTS:
                _remove_objects(
                    bucket,
                    ((found.key, found.size) for found in bucket.objects(f"{folder.path}/")),
                    swept,
                    delete,
                )
    return swept


def _remove_objects(
    bucket: Bucket, objects: Iterator[tuple[str, int]], swept: Swept, delete: bool
) -> None:
    batch: list[tuple[str, int]] = []

    def flush() -> None:
        failures = bucket.delete([key for key, _ in batch]) if delete and batch else []
        swept.failures += failures
        failed = {failure.key for failure in failures}
        for key, size in batch:
            if key not in failed:
                swept.add(size)
        batch.clear()

    for found in objects:
        batch.append(found)
        if len(batch) == KEYS_PER_CALL:
            flush()
    flush()


def all_sweeps(
    bucket: Bucket,
    now: datetime,
    retention: timedelta,
    *,
    versioning: bool,
    lifecycle: bool,
    delete: bool,
) -> list[Callable[[], Swept]]:
    """Only what the bucket's own lifecycle doesn't do; the reports always."""
    own: list[Callable[[], Swept]] = [lambda: sweep_reports(bucket, now, delete=delete)]
    if lifecycle:
        return own
    own += [
        lambda: sweep_temporary(bucket, now, delete=delete),
        lambda: sweep_uploads(bucket, now, delete=delete),
    ]
    if versioning:
        own.append(lambda: sweep_versions(bucket, now - retention, delete=delete))
    return own
