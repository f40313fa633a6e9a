"""Makes the server process reach the artifacts of its own instance only: `<destination>/*` and `tmp/*` of its own bucket.

Whoever may create an experiment may name its artifact location, and the server would open it with its own rights: its file
system (the environment of the process holds the database password), another bucket, any host, or the folders in which the
maintenance jobs keep their plans and the last dumps are. So it is looked at three times: when a location is written down
(`locations_written.py`), when it is opened (here), and at each call of the object store, whatever led to it (here, too).
"""

from typing import Any

import boto3
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import (
    ArtifactRepositoryRegistry,
    _artifact_repository_registry,
)

from mlflow_instance.artifacts import (
    PROXIED_SCHEME,
    DirectS3ArtifactRepository,
    ProxiedS3ArtifactRepository,
)
from mlflow_instance.places import TEMPORARY, is_inside

# They lead to an artifact location that is looked at in turn.
_INDIRECT = {"mlflow-artifacts", "runs", "models"}


def confine_repositories(
    destination: str, registry: ArtifactRepositoryRegistry = _artifact_repository_registry
) -> None:
    own, _, rest = destination.partition("://")
    bucket, _, root = rest.partition("/")
    roots = (root.strip("/"), TEMPORARY)
    registry.register(PROXIED_SCHEME, ProxiedS3ArtifactRepository)
    registry.register("s3", DirectS3ArtifactRepository)
    for scheme in list(registry.get_registered_artifact_repositories()):
        if scheme not in _INDIRECT and scheme != own:
            registry.register(scheme, _refuse)
    registry.register(
        own, _own_folders_only(bucket, roots, registry.get_registered_artifact_repositories()[own])
    )
    # MLflow's own error for a scheme that it does not know is a 500 and lists all others.
    registry._registry = _Known(registry._registry)
    confine_clients(bucket, roots)


class _Known(dict[str, Any]):
    def get(self, scheme: str, default: Any = None) -> Any:
        return super().get(scheme, _refuse)


def confine_clients(bucket: str, roots: tuple[str, ...]) -> None:
    """Every S3 client that this process makes from now on refuses other buckets and keys before anything is sent or signed."""

    def check(params: dict[str, Any], model: Any, **_: Any) -> None:
        if "Bucket" not in params:
            return
        keys = [params[name] for name in ("Key", "Prefix") if params.get(name) is not None]
        keys += [item.get("Key", "") for item in (params.get("Delete") or {}).get("Objects", ())]
        # Copying reads a second key; nothing of ours does it.
        if (
            params["Bucket"] != bucket
            or params.get("CopySource")
            or not keys
            or not all(_is_own(key, roots) for key in keys)
        ):
            _refuse(str(model.name))

    if boto3.DEFAULT_SESSION is None:
        boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register(
        "provide-client-params.s3", check, unique_id="mlflow-instance-confine"
    )


def _is_own(key: str, roots: tuple[str, ...]) -> bool:
    # A key that reaches the store is literal, so its percent signs and question marks are letters
    # of a name.
    return any(key == root or key.startswith(f"{root}/") for root in roots) and not any(
        segment in (".", "..") for segment in key.split("/")
    )


def _refuse(artifact_uri: str, **_: Any) -> ArtifactRepository:
    raise MlflowException(
        "This server serves the artifacts of its own store only, and the artifact location here names another one",
        error_code=INVALID_PARAMETER_VALUE,
    )


def _own_folders_only(bucket: str, roots: tuple[str, ...], repository: Any) -> Any:
    def open_repository(artifact_uri: str, **arguments: Any) -> ArtifactRepository:
        own_bucket, _, path = artifact_uri.partition("://")[2].partition("/")
        if own_bucket != bucket or not is_inside(path, roots):
            return _refuse(artifact_uri)
        opened: ArtifactRepository = repository(artifact_uri, **arguments)
        return opened

    return open_repository
