"""A command's folder in the bucket: what it is about to do (the plan, in parts) and what it did (report.json)."""

import json
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from mlflow_instance.maintenance.bucket import Bucket
from mlflow_instance.maintenance.locations import MAINTENANCE

ITEMS_PER_PART = 1000
REPORT = "report.json"
_TIME = "%Y-%m-%dT%H-%M-%SZ"


class ReportFolder:
    def __init__(self, bucket: Bucket, path: str) -> None:
        self._bucket = bucket
        # `maintenance/<command>/<UTC time>-<random>`, no slash at the end.
        self.path = path

    @classmethod
    def new(cls, bucket: Bucket, command: str, started: datetime) -> "ReportFolder":
        return cls(bucket, f"{folder_of(command)}{started.astimezone(UTC).strftime(_TIME)}-{secrets.token_hex(3)}")

    @property
    def report_key(self) -> str:
        return f"{self.path}/{REPORT}"

    def write_plan(self, items: Iterable[dict[str, Any]]) -> int:
        """Writes the items in parts while they come; returns how many parts. Nothing may be removed before this returns."""
        parts = 0
        for part in in_parts(items, ITEMS_PER_PART):
            parts += 1
            lines = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in part)
            self._bucket.put(f"{self.path}/plan-{parts:04d}.jsonl", lines.encode(), "application/jsonl")
        return parts

    def read_plan(self) -> Iterator[list[dict[str, Any]]]:
        """The plan's parts as they were written, one in memory at a time."""
        for found in self._bucket.objects(f"{self.path}/plan-"):
            body = self._bucket.get(found.key)
            if body is not None:
                yield [json.loads(line) for line in body.decode().split("\n") if line]

    def write_report(self, report: dict[str, Any]) -> None:
        self._bucket.put(self.report_key, json.dumps(report, indent=2, ensure_ascii=False).encode())


def folder_of(command: str) -> str:
    return f"{MAINTENANCE}/{command}/"


def started_at(path: str) -> datetime | None:
    """When the command of this folder started, by the folder's name; None for a name that isn't ours."""
    try:
        return datetime.strptime(path.rpartition("/")[2][:20], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def in_parts(items: Iterable[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    for item in items:
        part.append(item)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part
