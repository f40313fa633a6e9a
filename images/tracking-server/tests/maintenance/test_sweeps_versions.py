"""Which noncurrent versions go, whatever a store says of times: Amazon's gives a version the time of its upload and a marker that of the
deletion, versitygw gives the marker the time of the upload and the version that of the deletion."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from mlflow_instance.maintenance.bucket import Bucket, Failure, Version
from mlflow_instance.maintenance.sweeps import sweep_versions

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BOUND = NOW - timedelta(days=30)


class Versions:
    def __init__(self, *versions: Version) -> None:
        self._versions = versions
        self.deleted: list[str] = []

    def versions(self, prefix: str = "") -> Iterator[Version]:
        yield from self._versions

    def delete_versions(self, versions: list[Version]) -> list[Failure]:
        self.deleted += [version.version for version in versions]
        return []


def one(version: str, age: int, *, latest: bool = False, marker: bool = False) -> Version:
    return Version(
        "artifacts/1/a", version, 0 if marker else 5, NOW - timedelta(days=age), latest, marker
    )


@pytest.mark.parametrize(
    ("marker_age", "version_age", "deleted"),
    [
        (31, 60, ["object", "marker"]),
        (29, 60, []),
        (60, 31, ["object", "marker"]),
        (60, 29, []),
    ],
    ids=["amazon, old", "amazon, recent", "versitygw, old", "versitygw, recent"],
)
def test_a_deleted_object_goes_when_its_deletion_is_long_enough_ago(
    marker_age: int, version_age: int, deleted: list[str]
) -> None:
    store = Versions(
        one("marker", marker_age, latest=True, marker=True), one("object", version_age)
    )
    sweep_versions(cast(Bucket, store), BOUND, delete=True)
    assert store.deleted == deleted


def test_an_overwritten_object_loses_only_what_was_superseded_long_enough_ago() -> None:
    store = Versions(one("current", 29, latest=True), one("second", 31), one("first", 90))
    sweep_versions(cast(Bucket, store), BOUND, delete=True)
    assert store.deleted == ["first"]
