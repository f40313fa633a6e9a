"""The folders of earlier runs, and what interrupted ones have still to remove: rows that are gone, objects that the next run takes."""

from collections.abc import Iterator

from mlflow_instance.maintenance.bucket import Bucket
from mlflow_instance.maintenance.items import planned_items
from mlflow_instance.maintenance.locations import ArtifactStore
from mlflow_instance.maintenance.report import REPORT, ReportFolder, folder_of


# The commands whose plans are tasks.
JOURNALS = ("retention", "purge")


def journals(bucket: Bucket) -> Iterator[tuple[ReportFolder, bool]]:
    for command in JOURNALS:
        yield from folders(bucket, command)


def folders(bucket: Bucket, command: str) -> Iterator[tuple[ReportFolder, bool]]:
    """The command's folders, oldest first, each with whether it has its report."""
    path, finished = "", False
    base = folder_of(command)
    for found in bucket.objects(base):
        name, _, file = found.key.removeprefix(base).partition("/")
        if not file:
            continue
        if path and f"{base}{name}" != path:
            yield ReportFolder(bucket, path), finished
            finished = False
        path, finished = f"{base}{name}", finished or file == REPORT
    if path:
        yield ReportFolder(bucket, path), finished


def unfinished_prefixes(bucket: Bucket, store: ArtifactStore) -> set[str]:
    return {
        prefix
        for folder, finished in journals(bucket)
        if not finished
        # The run that finishes it tells what is broken.
        for items in planned_items(folder, store, lambda *_: None)
        for item in items
        for prefix in item.prefixes
    }
