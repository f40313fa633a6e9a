"""What is swept from a bucket without a lifecycle: version by version against a list, and once against a real versioned bucket."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from mlflow_instance.maintenance import bucket as bucket_module
from mlflow_instance.maintenance.bucket import Failure, Object, Upload, Version
from mlflow_instance.maintenance.privileges import RETENTION
from mlflow_instance.maintenance.retention import retain
from mlflow_instance.maintenance.sweeps import (
    all_sweeps,
    sweep_reports,
    sweep_temporary,
    sweep_uploads,
    sweep_versions,
)
from tests.maintenance.world import World, make_world
from tests.support.postgres import Postgres
from tests.support.store import ObjectStore

NOW = datetime(2026, 11, 22, 2, 17, tzinfo=UTC)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


class Listed:
    """A bucket that lists what it is given and remembers what is deleted, call by call."""

    def __init__(
        self,
        versions: Iterable[Version] = (),
        objects: Iterable[Object] = (),
        stuck: frozenset[str] = frozenset(),
    ) -> None:
        self._versions = list(versions)
        self._objects = sorted(objects, key=lambda found: found.key)
        self._stuck = stuck
        self.calls: list[list[tuple[str, str]]] = []

    def versions(self, prefix: str = "") -> Iterator[Version]:
        return iter(self._versions)

    def objects(self, prefix: str, start_after: str = "") -> Iterator[Object]:
        return (found for found in self._objects if found.key.startswith(prefix))

    def delete_versions(self, versions: Iterable[Version]) -> list[Failure]:
        return self._deleted([(version.key, version.version) for version in versions])

    def delete(self, keys: Iterable[str]) -> list[Failure]:
        return self._deleted([(key, "") for key in keys])

    def _deleted(self, batch: list[tuple[str, str]]) -> list[Failure]:
        assert 0 < len(batch) <= 1000
        self.calls.append([one for one in batch if one[0] not in self._stuck])
        return [Failure(key, "AccessDenied") for key, _ in batch if key in self._stuck]

    @property
    def gone(self) -> list[tuple[str, str]]:
        return [one for call in self.calls for one in call]


def history(key: str, *ages: float, markers: str = "") -> list[Version]:
    """Versions of a key, newest first, by age in days; `markers` has an m where one is a delete marker."""
    return [
        Version(key, f"v{index}", 10, ago(age), index == 0, markers[index : index + 1] == "m")
        for index, age in enumerate(ages)
    ]


def swept(versions: list[Version], **options: object) -> list[tuple[str, str]]:
    bucket = Listed(versions, **options)  # type: ignore[arg-type]
    result = sweep_versions(bucket, ago(30), delete=True)  # type: ignore[arg-type]
    assert result.objects == len(bucket.gone) and result.bytes == sum(
        version.size for version in versions if (version.key, version.version) in bucket.gone
    )
    return bucket.gone


CASES = {
    "the current version is never touched, however old": (history("k", 400), []),
    "superseded lately, however old itself": (history("k", 29, 400), []),
    "superseded long ago": (history("k", 31, 400), ["v1"]),
    "exactly at the end": (history("k", 30, 31), ["v1"]),
    "each by the moment it was superseded": (history("k", 5, 29, 35, 50, 60), ["v3", "v4"]),
    "deleted lately": (history("k", 29, 40, markers="m"), []),
    "deleted long ago: the version, then the marker": (
        history("k", 31, 40, markers="m"),
        ["v1", "v0"],
    ),
    "deleted long ago with many versions": (
        history("k", 31, 40, 50, 60, markers="m"),
        ["v1", "v2", "v3", "v0"],
    ),
    "a lone marker, old": (history("k", 31, markers="m"), ["v0"]),
    "a lone marker, young": (history("k", 29, markers="m"), []),
    "deleted and written again": (history("k", 2, 40, 50, markers=" m "), ["v2"]),
    "deleted twice": (history("k", 31, 35, 40, markers="mm "), ["v1", "v2", "v0"]),
    "deleted twice, the second time lately": (history("k", 3, 35, 40, markers="mm "), ["v2"]),
}


@pytest.mark.parametrize(("versions", "expected"), CASES.values(), ids=CASES)
def test_which_versions_go(versions: list[Version], expected: list[str]) -> None:
    assert [version for _, version in swept(versions)] == expected
    around = [*history("a", 1), *versions, *history("z", 1)]
    assert [version for _, version in swept(around)] == expected


def test_a_marker_is_never_taken_from_a_version_that_stays() -> None:
    """It would bring the object back."""
    versions = history("stuck", 31, 40, 50, markers="m") + history("z", 31, 40, markers="m")
    assert swept(versions, stuck=frozenset({"stuck"})) == [("z", "v1"), ("z", "v0")]
    # Many versions of one key, more than a call takes: the marker comes last, in a call of its own.
    many = history("k", *[31 + index / 100 for index in range(2500)], markers="m")
    bucket = Listed(many)
    sweep_versions(bucket, ago(30), delete=True)  # type: ignore[arg-type]
    assert len(bucket.gone) == 2500 and bucket.gone[-1] == ("k", "v0")
    stuck = Listed(many, stuck=frozenset({"k"}))
    result = sweep_versions(stuck, ago(30), delete=True)  # type: ignore[arg-type]
    assert stuck.gone == [] and len(result.failures) == 2499


def test_a_dry_run_counts_and_deletes_nothing() -> None:
    bucket = Listed(history("a", 31, 40, markers="m") + history("b", 31, 40, 50))
    counted = sweep_versions(bucket, ago(30), delete=False)  # type: ignore[arg-type]
    assert (counted.objects, counted.bytes, bucket.calls) == (4, 40, [])


def test_temporary_objects_go_after_seven_days_and_nothing_else_does() -> None:
    objects = [
        Object("tmp/old", 5, ago(7)),
        Object("tmp/young", 5, ago(6.9)),
        Object("artifacts/tmp/old", 5, ago(99)),
        Object("tmpx", 5, ago(99)),
    ]
    bucket = Listed(objects=objects)
    result = sweep_temporary(bucket, NOW, delete=True)  # type: ignore[arg-type]
    assert (bucket.gone, result.objects, result.bytes) == ([("tmp/old", "")], 1, 5)


def test_uploads_that_nobody_ended_go_after_seven_days() -> None:
    aborted: list[str] = []

    class Uploading:
        def uploads(self) -> Iterator[Upload]:
            yield from (
                Upload("a", "old", ago(8)),
                Upload("b", "young", ago(6)),
                Upload("c", "stuck", ago(9)),
            )

        def abort(self, upload: Upload) -> Failure | None:
            aborted.append(upload.upload)
            return Failure(upload.key, "AccessDenied") if upload.upload == "stuck" else None

    result = sweep_uploads(Uploading(), NOW, delete=True)  # type: ignore[arg-type]
    assert (aborted, result.objects, [failure.key for failure in result.failures]) == (
        ["old", "stuck"],
        1,
        ["c"],
    )
    assert sweep_uploads(Uploading(), NOW, delete=False).objects == 2 and len(aborted) == 2  # type: ignore[arg-type]


def test_reports_go_after_a_year_but_not_unfinished_plans() -> None:
    def folder(command: str, age: float, *names: str) -> list[Object]:
        path = f"maintenance/{command}/{ago(age).strftime('%Y-%m-%dT%H-%M-%SZ')}-abc123"
        return [Object(f"{path}/{name}", 7, ago(age)) for name in names]

    old = folder("retention", 366, "plan-0001.jsonl", "report.json")
    objects = [
        *old,
        *folder("retention", 364, "plan-0001.jsonl", "report.json"),
        *folder("retention", 400, "plan-0001.jsonl"),
        *folder("orphans", 500, "report.json"),
        Object("maintenance/stale-runs/observations.json", 7, ago(500)),
        Object("maintenance/retention/notes/report.json", 7, ago(500)),
    ]
    bucket = Listed(objects=objects)
    sweep_reports(bucket, NOW, delete=True)  # type: ignore[arg-type]
    assert {key for key, _ in bucket.gone} == {found.key for found in old} | {objects[5].key}


@pytest.mark.parametrize(
    ("versioning", "lifecycle", "expected"),
    [(True, True, 1), (False, True, 1), (False, False, 3), (True, False, 4)],
)
def test_what_the_buckets_own_lifecycle_does_is_left_to_it(
    versioning: bool, lifecycle: bool, expected: int
) -> None:
    sweeps = all_sweeps(
        Listed(), NOW, timedelta(days=30), versioning=versioning, lifecycle=lifecycle, delete=True
    )  # type: ignore[arg-type]
    assert len(sweeps) == expected


@pytest.fixture
def world(postgres: Postgres, migrated_template: str, object_store: ObjectStore) -> Iterator[World]:
    world = make_world(postgres, migrated_template, object_store, RETENTION)
    object_store.client().put_bucket_versioning(
        Bucket=world.bucket_name, VersioningConfiguration={"Status": "Enabled"}
    )
    yield world
    world.rows.close()


def test_on_a_real_versioned_bucket(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store's own listing, in pages: time passes by moving the job's clock ahead."""
    client = world.store.client()
    plain = bucket_module.Bucket.versions

    def written(key: str, times: int) -> None:
        for number in range(times):
            world.put(key, b"x" * (number + 1))

    written("artifacts/1/replaced-long-ago", 2)
    written("artifacts/1/deleted-long-ago", 2)
    written("artifacts/1/current", 1)
    client.delete_object(Bucket=world.bucket_name, Key="artifacts/1/deleted-long-ago")
    for number in range(1100):
        written(f"artifacts/1/many/{number:04d}", 1)
    client.delete_objects(
        Bucket=world.bucket_name,
        Delete={"Objects": [{"Key": f"artifacts/1/many/{number:04d}"} for number in range(600)]},
    )
    time.sleep(2)
    border = datetime.now(UTC)
    time.sleep(2)
    written("artifacts/1/replaced-lately", 2)
    written("artifacts/1/deleted-lately", 1)
    client.delete_object(Bucket=world.bucket_name, Key="artifacts/1/deleted-lately")

    monkeypatch.setattr(World, "environment", _versioned(World.environment))
    world.now = int((border + timedelta(days=30)).timestamp() * 1000)
    current = world.keys("artifacts/")
    said = world.run_job(retain, command="retention", dry_run=True)
    done = world.run_job(retain, command="retention")
    assert done.code == 0, done.events
    # One version of replaced, two versions and a marker of deleted, 600 versions and 600 markers.
    assert done.summary["swept"]["noncurrentVersions"]["objects"] == 1 + 3 + 1200
    assert (
        said.summary["swept"]["noncurrentVersions"] == done.summary["swept"]["noncurrentVersions"]
    )
    assert world.keys("artifacts/") == current
    with world.job() as (context, _):
        left = {
            (version.key, version.latest, version.marker)
            for version in plain(context.bucket, "artifacts/")
            if "many" not in version.key
        }
        assert sum(1 for version in plain(context.bucket, "artifacts/1/many/")) == 500
        assert not [
            version for version in plain(context.bucket, "maintenance/") if version.marker
        ], "no trace of the probe"
    assert left == {
        ("artifacts/1/replaced-long-ago", True, False),
        ("artifacts/1/current", True, False),
        ("artifacts/1/replaced-lately", True, False),
        ("artifacts/1/replaced-lately", False, False),
        ("artifacts/1/deleted-lately", True, True),
        ("artifacts/1/deleted-lately", False, False),
    }


def _versioned(plain):  # type: ignore[no-untyped-def]
    return lambda self, **changes: plain(
        self, **{"MLFLOW_INSTANCE_BUCKET_VERSIONING": "true", **changes}
    )
