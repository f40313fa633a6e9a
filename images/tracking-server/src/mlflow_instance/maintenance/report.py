"""A command's folder in the bucket: what it is about to do (the plan, in parts) and what it did (report.json)."""

import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from mlflow_instance.maintenance.bucket import Bucket
from mlflow_instance.maintenance.locations import MAINTENANCE

ITEMS_PER_PART = 1000
REPORT = "report.json"
# A thousand items with the longest names; a part is held whole.
_LARGEST_PART = 16 * 1024 * 1024
_MOST_PARTS = 100_000
_PART = re.compile(r"plan-[0-9]{4,6}\.jsonl")
_TIME = "%Y-%m-%dT%H-%M-%SZ"


class ReportFolder:
    def __init__(self, bucket: Bucket, path: str) -> None:
        self._bucket = bucket
        # `maintenance/<command>/<UTC time>-<random>`, no slash at the end.
        self.path = path
        # Of the parts that this process wrote: key -> digest.
        self._written: dict[str, bytes] = {}

    @classmethod
    def new(cls, bucket: Bucket, command: str, started: datetime) -> "ReportFolder":
        return cls(
            bucket,
            f"{folder_of(command)}{started.astimezone(UTC).strftime(_TIME)}-{secrets.token_hex(3)}",
        )

    @property
    def report_key(self) -> str:
        return f"{self.path}/{REPORT}"

    def write_plan(self, items: Iterable[dict[str, Any]]) -> int:
        """Writes the items in parts while they come; returns how many parts. Nothing may be removed before this returns."""
        parts = 0
        for part in in_parts(items, ITEMS_PER_PART):
            parts += 1
            lines = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in part)
            key, body = f"{self.path}/plan-{parts:04d}.jsonl", lines.encode()
            self._written[key] = sha256(body).digest()
            self._bucket.put(key, body, "application/jsonl")
        return parts

    def read_plan(self, broken: Callable[[str, str], None]) -> Iterator[tuple[str, list[str]]]:
        """The plan's parts, one in memory at a time: each with its key and its lines, which anybody may have written.

        A part that this process wrote must still be what it wrote. What isn't a part, or is larger than one can be, is told.
        """
        parts = 0
        for found in self._bucket.objects(f"{self.path}/plan-"):
            parts += 1
            if not _PART.fullmatch(found.key.removeprefix(f"{self.path}/")) or parts > _MOST_PARTS:
                broken(found.key, "not a part of a plan")
                continue
            if found.size > _LARGEST_PART:
                broken(found.key, f"larger than {_LARGEST_PART} bytes")
                continue
            body = self._bucket.get(found.key)
            if body is None:
                continue
            if self._written and self._written.get(found.key) != sha256(body).digest():
                broken(found.key, "changed since it was written")
                continue
            yield found.key, [line for line in body.decode(errors="replace").split("\n") if line]

    def write_report(self, report: dict[str, Any]) -> None:
        self._bucket.put(self.report_key, json.dumps(report, indent=2, ensure_ascii=False).encode())


def folder_of(command: str) -> str:
    return f"{MAINTENANCE}/{command}/"


def command_of(path: str) -> str:
    return path.split("/")[1]


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
