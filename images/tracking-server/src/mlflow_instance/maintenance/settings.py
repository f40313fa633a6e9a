"""What the job's environment says. Every error at once, by variable name, never with a secret value."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from mlflow_instance.maintenance.errors import Refused
from mlflow_instance.maintenance.locations import ArtifactStore
from mlflow_instance.variables import Variables

_TRACE_RETENTION = "MLFLOW_INSTANCE_TRACE_RETENTION"
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class MaintenanceSettings:
    instance: str
    database_uri: str
    store: ArtifactStore
    # None: Amazon's own.
    endpoint: str | None
    retention: timedelta
    # Of traces in active experiments, by their own age. None: they stay.
    trace_retention: timedelta | None
    stale_after: timedelta
    stale_idle: timedelta
    versioning: bool
    # The bucket's lifecycle removes noncurrent versions, temporary objects and aborted uploads.
    lifecycle: bool


def read_settings(environment: Mapping[str, str] = os.environ) -> MaintenanceSettings:
    variables = Variables(environment)
    required, errors = variables.required, variables.errors

    def duration(variable: str, low: timedelta, high: timedelta) -> timedelta:
        text = required(variable)
        parsed = parse_duration(text)
        if parsed is not None and low <= parsed <= high:
            return parsed
        if text:
            errors.append(
                f"{variable}: {text!r} is not a whole number of hours or days (6h, 30d) from {in_words(low)} to {in_words(high)}"
            )
        return high

    def yes_or_no(variable: str) -> bool:
        text = required(variable)
        if text and text not in ("true", "false"):
            errors.append(f"{variable}: {text!r} is neither true nor false")
        return text == "true"

    uri = variables.database_uri()

    store, endpoint = read_store(variables)

    after = duration("MLFLOW_INSTANCE_STALE_RUNS_AFTER", _HOUR, 30 * _DAY)
    settings = MaintenanceSettings(
        instance=required("MLFLOW_INSTANCE_NAME"),
        database_uri=uri,
        store=store,
        endpoint=endpoint,
        retention=duration("MLFLOW_INSTANCE_DELETED_EXPERIMENT_RETENTION", _DAY, 90 * _DAY),
        trace_retention=duration(_TRACE_RETENTION, 7 * _DAY, 730 * _DAY)
        if variables.optional(_TRACE_RETENTION)
        else None,
        stale_after=after,
        stale_idle=duration("MLFLOW_INSTANCE_STALE_RUNS_IDLE", _HOUR, after),
        versioning=yes_or_no("MLFLOW_INSTANCE_BUCKET_VERSIONING"),
        lifecycle=yes_or_no("MLFLOW_INSTANCE_BUCKET_LIFECYCLE"),
    )
    if errors:
        raise Refused("\n".join(errors))
    return settings


def read_store(variables: Variables) -> tuple[ArtifactStore, str | None]:
    """The bucket, and the endpoint of a store that isn't Amazon's."""
    destination = variables.required("MLFLOW_INSTANCE_ARTIFACTS_DESTINATION")
    store = ArtifactStore.from_destination(destination)
    if destination and store is None:
        variables.errors.append(
            "MLFLOW_INSTANCE_ARTIFACTS_DESTINATION: expected s3-proxied://<bucket>/<prefix> or s3://<bucket>/<prefix>"
        )
    endpoint = variables.optional("MLFLOW_S3_ENDPOINT_URL") or None
    if endpoint and not endpoint.startswith(("https://", "http://")):
        variables.errors.append("MLFLOW_S3_ENDPOINT_URL: expected https://… or http://…")
    variables.required("AWS_DEFAULT_REGION")
    return store or ArtifactStore("", ""), endpoint


def parse_duration(text: str) -> timedelta | None:
    match = re.fullmatch(r"([0-9]{1,6})([hd])", text)
    if match is None:
        return None
    return int(match[1]) * (_HOUR if match[2] == "h" else _DAY)


def in_words(duration: timedelta) -> str:
    hours = int(duration / _HOUR)
    return f"{hours}h" if hours % 24 else f"{hours // 24}d"
