"""What the container's environment says. Every error at once, by variable name, never with a secret value."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlflow_instance.audit.days import DEFAULT_DAYS, LEAST_DAYS, MOST_DAYS
from mlflow_instance.limits import DEFAULT_MEMORY, MIB
from mlflow_instance.listener import EVERY_ADDRESS
from mlflow_instance.source import Source
from mlflow_instance.variables import Variables

DEFAULT_TOKENS_FILE = Path("/etc/mlflow-instance/tokens/tokens.json")
ARTIFACT_SCHEMES = ("s3", "s3-proxied")


class SettingsError(ValueError):
    pass


@dataclass(frozen=True)
class Settings:
    name: str
    database_uri: str
    artifacts_destination: str
    tokens_file: Path
    # None: access tokens only.
    workloads_file: Path | None
    # Verifies issuers; None for the system's own authorities.
    issuers_ca_file: str | None
    workers: int
    memory_limit: int
    host: str
    port: int
    # None: no metrics port.
    metrics_port: int | None
    schema_wait_seconds: int
    keep_alive_seconds: int
    grace_seconds: int
    trusted_proxies: str
    # Peers whose X-Forwarded-For is trusted.
    ingress_addresses: str
    allowed_origins: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    audit_days: int


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    variables = Variables(environment)
    required, optional, errors = variables.required, variables.optional, variables.errors

    def number(variable: str, default: int, low: int, high: int) -> int:
        text = optional(variable) or str(default)
        if not text.isdecimal() or not low <= int(text) <= high:
            errors.append(f"{variable}: expected a whole number from {low} to {high}")
            return default
        return int(text)

    name = required("MLFLOW_INSTANCE_NAME")
    if not (name.isascii() and name.isprintable()) or '"' in name or "\\" in name:
        errors.append(
            "MLFLOW_INSTANCE_NAME: it is part of a header, quotes and control characters can't be in it"
        )

    uri = variables.database_uri()

    destination = required("MLFLOW_INSTANCE_ARTIFACTS_DESTINATION")
    if destination and destination.partition("://")[0] not in ARTIFACT_SCHEMES:
        errors.append(
            "MLFLOW_INSTANCE_ARTIFACTS_DESTINATION: expected s3-proxied://<bucket>/… or s3://<bucket>/…"
        )

    hosts, origins = (
        environment.get("MLFLOW_SERVER_ALLOWED_HOSTS", ""),
        environment.get("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", ""),
    )
    if bool(hosts.strip()) != bool(origins.strip()):
        errors.append(
            "MLFLOW_SERVER_ALLOWED_HOSTS and MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: set both, with one of them the UI can't write"
        )

    if optional("MLFLOW_TRACE_ARCHIVAL_CONFIG"):
        errors.append(
            "MLFLOW_TRACE_ARCHIVAL_CONFIG: traces can't be archived here, MLflow does that in jobs that an instance doesn't run; "
            "remove it. traceRetention in the instance's file removes old ones"
        )
    # Without the jobs they are never built again, so a trace that retention removes would be
    # counted for ever.
    for variable in ("MLFLOW_SQL_TRACE_ROLLUPS_ENABLED", "MLFLOW_TRACE_ROLLUPS_SCHEDULE"):
        if optional(variable).strip().lower() not in ("", "false", "0"):
            errors.append(
                f"{variable}: daily sums of traces are made by jobs of MLflow that an instance doesn't run; remove it"
            )

    ingress = optional("MLFLOW_INSTANCE_INGRESS_ADDRESSES")
    try:
        Source(ingress)
    except ValueError as error:
        errors.append(f"MLFLOW_INSTANCE_INGRESS_ADDRESSES: {error}")
    workloads = optional("MLFLOW_INSTANCE_WORKLOADS_FILE")
    settings = Settings(
        name=name,
        database_uri=uri,
        artifacts_destination=destination,
        tokens_file=Path(optional("MLFLOW_INSTANCE_TOKENS_FILE") or DEFAULT_TOKENS_FILE),
        workloads_file=Path(workloads) if workloads else None,
        issuers_ca_file=optional("MLFLOW_INSTANCE_ISSUERS_CA_FILE") or None,
        workers=number("MLFLOW_INSTANCE_WORKERS", 1, 1, 64),
        # Bytes. Without a limit on the container Kubernetes gives the node's whole memory.
        memory_limit=number("MLFLOW_INSTANCE_MEMORY_LIMIT", DEFAULT_MEMORY, 256 * MIB, 2**50),
        host=optional("MLFLOW_INSTANCE_HOST") or EVERY_ADDRESS,
        port=number("MLFLOW_INSTANCE_PORT", 5000, 1, 65535),
        metrics_port=number("MLFLOW_INSTANCE_METRICS_PORT", 0, 0, 65535) or None,
        schema_wait_seconds=number("MLFLOW_INSTANCE_SCHEMA_WAIT_SECONDS", 120, 0, 3600),
        # By default longer than an ingress keeps idle connections (60 s is common): the server must
        # not close one that is about to be used.
        keep_alive_seconds=number("MLFLOW_INSTANCE_KEEP_ALIVE_SECONDS", 75, 5, 7200),
        # Below Kubernetes' default grace period of 30 s.
        grace_seconds=number("MLFLOW_INSTANCE_GRACE_SECONDS", 20, 1, 3600),
        trusted_proxies=optional("MLFLOW_INSTANCE_TRUSTED_PROXIES"),
        ingress_addresses=ingress,
        allowed_origins=tuple(origin.strip() for origin in origins.split(",") if origin.strip()),
        allowed_hosts=tuple(host.strip() for host in hosts.split(",") if host.strip()),
        audit_days=number("MLFLOW_INSTANCE_AUDIT_DAYS", DEFAULT_DAYS, LEAST_DAYS, MOST_DAYS),
    )
    if settings.metrics_port == settings.port:
        errors.append("MLFLOW_INSTANCE_METRICS_PORT: is MLFLOW_INSTANCE_PORT, too; use another")
    if environment.get("MLFLOW_ENABLE_AI_GATEWAY", "").strip().lower() in (
        "1",
        "true",
    ) and not optional("MLFLOW_CRYPTO_KEK_PASSPHRASE"):
        errors.append(
            "MLFLOW_ENABLE_AI_GATEWAY: needs MLFLOW_CRYPTO_KEK_PASSPHRASE, MLflow's default passphrase is in its source"
        )

    if errors:
        raise SettingsError("\n".join(errors))
    return settings
