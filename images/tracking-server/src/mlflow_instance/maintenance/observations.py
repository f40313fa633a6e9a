"""What this job has seen of RUNNING runs, kept in the bucket: MLflow's schema has no time for parameters and tags.

Runs that are no longer RUNNING fall out, so the file's size is bounded by what runs at once.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

VERSION = 1
_FIELDS = ("firstSeen", "fingerprint", "unchangedSince")
_RUN_ID = re.compile(r"[0-9A-Za-z_-]{1,32}")


@dataclass(frozen=True)
class Seen:
    first_seen: int
    fingerprint: str
    unchanged_since: int
    future_artifact: int | None = None
    future_artifact_seen: int | None = None

    def future_artifact_since(self, newest: int, now: int) -> int:
        if self.future_artifact == newest and self.future_artifact_seen is not None:
            return min(self.future_artifact_seen, now)
        return now


class ObservationsError(ValueError):
    """The file is not one of ours, or was cut."""


def observe(
    before: Mapping[str, Seen], fingerprints: Mapping[str, str], now: int
) -> dict[str, Seen]:
    """The observations after this look: only of runs that are RUNNING now, with the clock never ahead of `now`."""
    result: dict[str, Seen] = {}
    for run, fingerprint in fingerprints.items():
        seen = before.get(run)
        if seen is None:
            result[run] = Seen(now, fingerprint, now)
        else:
            since = min(seen.unchanged_since, now) if seen.fingerprint == fingerprint else now
            result[run] = replace(
                seen,
                first_seen=min(seen.first_seen, now),
                fingerprint=fingerprint,
                unchanged_since=since,
            )
    return result


def parse(text: bytes) -> dict[str, Seen]:
    try:
        document = json.loads(text)
        if document["version"] != VERSION:
            raise ObservationsError(f"version {document['version']!r}, expected {VERSION}")
        return {_run(run): _seen(entry) for run, entry in document["runs"].items()}
    except ObservationsError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ObservationsError(f"not readable ({type(error).__name__})") from None


def serialize(seen: Mapping[str, Seen]) -> bytes:
    runs = {run: _entry(entry) for run, entry in sorted(seen.items())}
    return json.dumps({"version": VERSION, "runs": runs}, separators=(",", ":")).encode()


def _entry(seen: Seen) -> dict[str, object]:
    entry: dict[str, object] = dict(
        zip(_FIELDS, (seen.first_seen, seen.fingerprint, seen.unchanged_since), strict=True)
    )
    if seen.future_artifact is not None:
        entry |= {
            "futureArtifact": seen.future_artifact,
            "futureArtifactSeen": seen.future_artifact_seen,
        }
    return entry


def _seen(entry: dict[str, object]) -> Seen:
    first, fingerprint, since = (entry[field] for field in _FIELDS)
    artifact, artifact_seen = entry.get("futureArtifact"), entry.get("futureArtifactSeen")
    if not isinstance(fingerprint, str):
        raise ObservationsError("a fingerprint is not a text")
    return Seen(
        _time(first),
        fingerprint,
        _time(since),
        _optional_time(artifact),
        _optional_time(artifact_seen),
    )


def _run(run: str) -> str:
    if not _RUN_ID.fullmatch(run):
        raise ObservationsError("a key is not a run id")
    return run


def _time(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ObservationsError("a time is not a number of milliseconds")
    return value


def _optional_time(value: object) -> int | None:
    return None if value is None else _time(value)
