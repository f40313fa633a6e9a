"""Does what a role's pods do, through the code that the image holds, and prints each call of S3 that came of it as one line of JSON.

Arguments: `server` or `maintenance`, the name of an empty, versioned bucket. Which store: AWS_ENDPOINT_URL, AWS_CA_BUNDLE and a key pair.
"""

import io
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3

role, bucket_name = sys.argv[1:]
os.environ["MLFLOW_S3_ENDPOINT_URL"] = os.environ["AWS_ENDPOINT_URL"]
MIB = 1024 * 1024
step = "start"


def record(params: dict[str, Any], model: Any, **_: Any) -> None:
    kept = {name: params[name] for name in ("Bucket", "Key", "VersionId") if name in params}
    objects = [
        {name: item[name] for name in ("Key", "VersionId") if name in item}
        for item in params.get("Delete", {}).get("Objects", [])
    ]
    print(
        json.dumps(
            {
                "step": step,
                "operation": model.name,
                **kept,
                **({"objects": objects} if objects else {}),
            }
        ),
        flush=True,
    )


# Clients copy the hooks of the session that makes them.
boto3.setup_default_session()
boto3.DEFAULT_SESSION.events.register("provide-client-params.s3", record)


def server() -> None:
    from mlflow.entities.multipart_upload import MultipartUploadPart
    from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository
    from mlflow_instance.artifacts import ProxiedS3ArtifactRepository
    from mlflow_instance.dump.final_dump import _abort_former_uploads
    from mlflow_instance.dump.stored import PART_BYTES, CompressedObject
    from mlflow_instance.maintenance.bucket import open_bucket
    from mlflow_instance.stored_file import StoredFile

    proxied = ProxiedS3ArtifactRepository(f"s3-proxied://{bucket_name}/artifacts")
    direct = S3ArtifactRepository(f"s3://{bucket_name}/artifacts")
    folder = Path(tempfile.mkdtemp())
    (folder / "small.txt").write_text("small")

    begin("an artifact is logged")
    proxied.log_artifact(str(folder / "small.txt"), "run")
    begin("a large artifact is streamed in")
    proxied.log_artifact_from_stream(io.BytesIO(bytes(17 * MIB)), "large.bin", "run")
    begin("an upload breaks off")
    try:
        proxied.log_artifact_from_stream(Broken(17 * MIB), "broken.bin", "run")
    except OSError:
        pass
    begin("artifacts are listed")
    assert len(proxied.list_artifacts("run")) == 2
    begin("an artifact is downloaded")
    streamed = StoredFile(proxied, "run/small.txt")
    assert streamed.head().size == 5 and streamed.open().first == b"small"
    proxied._download_file("run/small.txt", str(folder / "copy.txt"))
    begin("a client asks for presigned transfers")
    upload = direct.create_multipart_upload("large.bin", 1, "presigned").upload_id
    key = "artifacts/presigned/large.bin"
    etag = direct._get_s3_client().upload_part(
        Bucket=bucket_name, Key=key, UploadId=upload, PartNumber=1, Body=b"part"
    )["ETag"]
    direct.complete_multipart_upload(
        "large.bin", upload, [MultipartUploadPart(1, etag, "")], "presigned"
    )
    direct.abort_multipart_upload(
        "gone.bin",
        direct.create_multipart_upload("gone.bin", 1, "presigned").upload_id,
        "presigned",
    )
    begin("artifacts are deleted")
    proxied.delete_artifacts("run")
    assert proxied.list_artifacts("run") == []

    begin("the final dump is written")
    bucket = open_bucket(
        SimpleNamespace(
            store=SimpleNamespace(bucket=bucket_name), endpoint=os.environ["AWS_ENDPOINT_URL"]
        )
    )
    bucket.begin_upload("final-dump/1/of-a-killed-run.csv.gz", "application/gzip")
    _abort_former_uploads(bucket)
    table = CompressedObject(bucket, "final-dump/1/runs.csv.gz")
    table.write(secrets.token_bytes(PART_BYTES + MIB))
    table.finish()
    bucket.put("final-dump/1/manifest.json", b"{}")
    begin("the final dump is loaded")
    # From where somebody else has put it: the server can't read the last dumps.
    bucket.put("tmp/final-dump/1/manifest.json", b"{}")
    assert bucket.get("tmp/final-dump/1/manifest.json") == b"{}"
    assert sum(map(len, bucket.chunks("tmp/final-dump/1/manifest.json", MIB))) == 2


def maintenance() -> None:
    from mlflow_instance.maintenance import sweeps
    from mlflow_instance.maintenance.bucket import open_bucket
    from mlflow_instance.maintenance.journal import require_bucket_rights
    from mlflow_instance.maintenance.report import ReportFolder
    from mlflow_instance.maintenance.stale_runs import OBSERVATIONS, read_observations

    bucket = open_bucket(
        SimpleNamespace(
            store=SimpleNamespace(bucket=bucket_name), endpoint=os.environ["AWS_ENDPOINT_URL"]
        )
    )
    now = datetime.now(UTC)
    begin("what the server left")
    for key in ("artifacts/1/model", "tmp/part"):
        bucket.put(key, b"1")
        bucket.put(key, b"2")
    bucket.begin_upload("artifacts/1/unfinished", "text/plain")

    begin("a plan is written and read")
    report = ReportFolder.new(bucket, "retention", now)
    report.write_plan([{"kind": "run", "id": "1"}])
    told: list[str] = []
    assert len(list(report.read_plan(lambda key, _: told.append(key)))) == 1 and not told
    report.write_report({})
    begin("the rights are tried before anything goes")
    require_bucket_rights(SimpleNamespace(bucket=bucket), report)
    begin("observations of runs are kept")
    bucket.put(OBSERVATIONS, b"{}")
    read_observations(bucket)
    begin("the objects of a removed run go")
    assert bucket.delete([found.key for found in bucket.objects("artifacts/")]) == []
    begin("what the bucket collected is swept")
    later = now + timedelta(days=400)
    assert sweeps.sweep_temporary(bucket, later, delete=True).objects == 1
    assert sweeps.sweep_uploads(bucket, later, delete=True).objects == 1
    assert sweeps.sweep_reports(bucket, later, delete=True).failures == []
    assert sweeps.sweep_versions(bucket, later, delete=True).objects > 2


class Broken(io.RawIOBase):
    """Gives some bytes, then fails as a client that goes away does."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._left <= 0:
            raise OSError("the client went away")
        count = min(self._left, MIB if size < 0 else size)
        self._left -= count
        return bytes(count)


def begin(name: str) -> None:
    global step
    step = name


commands: dict[str, Callable[[], None]] = {"server": server, "maintenance": maintenance}
commands[role]()
