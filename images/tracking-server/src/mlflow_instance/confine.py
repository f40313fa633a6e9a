"""Makes the server process open artifacts of the instance's own destination only.

Whoever may create an experiment may name its artifact location, and the server would read it with its own rights: its file
system (the environment of the process holds the database password), another bucket, any host.
"""

from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import ArtifactRepositoryRegistry, _artifact_repository_registry

from mlflow_instance.artifacts import PROXIED_SCHEME, DirectS3ArtifactRepository, ProxiedS3ArtifactRepository

# They lead to an artifact location that is looked at in turn.
_INDIRECT = {"mlflow-artifacts", "runs", "models"}


def confine_repositories(destination: str, registry: ArtifactRepositoryRegistry = _artifact_repository_registry) -> None:
    own, _, rest = destination.partition("://")
    registry.register(PROXIED_SCHEME, ProxiedS3ArtifactRepository)
    registry.register("s3", DirectS3ArtifactRepository)
    for scheme in list(registry.get_registered_artifact_repositories()):
        if scheme not in _INDIRECT and scheme != own:
            registry.register(scheme, _refuse)
    registry.register(own, _own_bucket_only(rest.partition("/")[0], registry.get_registered_artifact_repositories()[own]))


def _refuse(artifact_uri: str, **_: Any) -> ArtifactRepository:
    raise MlflowException(
        "This server serves the artifacts of its own store only, and the artifact location here names another one",
        error_code=INVALID_PARAMETER_VALUE,
    )


def _own_bucket_only(bucket: str, repository: Any) -> Any:
    def open_repository(artifact_uri: str, **arguments: Any) -> ArtifactRepository:
        if artifact_uri.partition("://")[2].partition("/")[0] != bucket:
            return _refuse(artifact_uri)
        opened: ArtifactRepository = repository(artifact_uri, **arguments)
        return opened

    return open_repository
