"""Refuses an artifact location outside of the users' folders when somebody writes it down, and not first when it is opened.

The stores are wrapped and not the routes: every way to make an experiment, a trace or a model version ends there.
"""

import functools
from collections.abc import Callable
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

from mlflow_instance.places import TEMPORARY, is_inside, readings

_ARTIFACT_LOCATION = "mlflow.artifactLocation"
_FOLDERS_OF_MLFLOW = ("artifacts", "models", "traces")


class WrittenLocations:
    def __init__(self, destination: str) -> None:
        bucket, _, root = destination.partition("://")[2].partition("/")
        self._bucket = bucket
        self._root = root.strip("/")
        self._roots = (self._root, TEMPORARY)

    def is_allowed(self, uri: str) -> bool:
        """False for a place of this store that no user may name. Of other stores it knows nothing: they are refused when opened."""
        scheme, _, rest = uri.strip().partition(":")
        scheme = scheme.lower()
        if scheme == "mlflow-artifacts":
            # With a host, the path begins behind it.
            path = rest.removeprefix("//").partition("/")[2] if rest.startswith("//") else rest
            return is_inside(f"{self._root}/{path.lstrip('/')}", (self._root,), folder=True)
        if scheme in ("s3", "s3a", "s3n", "s3-proxied"):
            host, _, path = rest.lstrip("/").partition("/")
            # `user@bucket`, `bucket@access point`, `bucket:port`, and the same once more encoded.
            names = {part for each in readings(host) for part in each.replace(":", "@").split("@")}
            if self._bucket not in names:
                return True
            return host == self._bucket and is_inside(path, self._roots, folder=True)
        return True

    def require(self, uri: str | None, what: str) -> None:
        if uri and not self.is_allowed(uri):
            raise MlflowException(
                f"{what}: must be a folder inside the instance's artifacts; use mlflow-artifacts:/<folder> or leave it out",
                error_code=INVALID_PARAMETER_VALUE,
            )


def check_written_locations(destination: str) -> None:
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking

    locations = WrittenLocations(destination)

    def experiment(name: Any, artifact_location: Any = None, *_: Any, **__: Any) -> None:
        locations.require(artifact_location, "artifact_location")

    def version(name: Any, source: Any, *_: Any, **__: Any) -> None:
        locations.require(source, "source")

    def trace(trace_info: Any, *_: Any, **__: Any) -> None:
        require_trace_id(trace_info.trace_id)
        tags_of_trace(trace_info.tags)

    def trace_v2(
        experiment_id: Any, timestamp_ms: Any, request_metadata: Any, tags: Any, *_: Any, **__: Any
    ) -> None:
        tags_of_trace(tags)

    def tags_of_trace(tags: dict[str, str]) -> None:
        locations.require(tags.get(_ARTIFACT_LOCATION), f"tag {_ARTIFACT_LOCATION}")

    def trace_tag(trace_id: Any, key: str, value: str, *_: Any, **__: Any) -> None:
        if key == _ARTIFACT_LOCATION:
            locations.require(value, f"tag {key}")

    _refuse_local_sources()
    before(Tracking, "create_experiment", experiment)
    before(Tracking, "start_trace", trace)
    before(Tracking, "deprecated_start_trace_v2", trace_v2)
    before(Tracking, "set_trace_tag", trace_tag)
    before(Registry, "create_model_version", version)


def _refuse_local_sources() -> None:
    """MLflow refuses them, too, and its message names the folder that the server runs in."""
    import mlflow.server.handlers as handlers
    from mlflow.utils.uri import is_local_uri

    def checked(plain: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(plain)
        def validate(source: str, *arguments: Any) -> None:
            if is_local_uri(source):
                raise MlflowException(
                    f"Invalid model version source: {source[:500]!r}. It is a path of a file "
                    "system, which this server does not read; log the model in a run and use runs:/<run id>/<path>",
                    error_code=INVALID_PARAMETER_VALUE,
                )
            plain(source, *arguments)

        return validate

    for name in ("_validate_source_run", "_validate_source_model"):
        setattr(handlers, name, checked(getattr(handlers, name)))


def require_trace_id(trace_id: str) -> None:
    """The id becomes a folder's name, `<experiment>/traces/<id>`."""
    if (
        not trace_id
        or trace_id in (".", "..", *_FOLDERS_OF_MLFLOW)
        or any(character in "/\\%?#;" or not character.isprintable() for character in trace_id)
    ):
        raise MlflowException(
            f"trace_id {trace_id[:100]!r}: must be the name of one folder; use letters, digits, '-' and '_'",
            error_code=INVALID_PARAMETER_VALUE,
        )


def before(store: Any, method: str, check: Callable[..., None]) -> None:
    """Calls `check` with the same arguments before each call of the method."""
    plain = getattr(store, method)

    @functools.wraps(plain)
    def checked(self: Any, *arguments: Any, **named: Any) -> Any:
        check(*arguments, **named)
        return plain(self, *arguments, **named)

    setattr(store, method, checked)
