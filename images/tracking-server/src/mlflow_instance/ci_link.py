"""Tags on a workload's runs and models that name its job. Only this server writes them.

The stores are wrapped and not the routes: every way to write a tag ends there.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

from mlflow_instance.accounting import ACCOUNT_KEY
from mlflow_instance.asgi import App, Receive, Scope, Send
from mlflow_instance.locations_written import before

PREFIX = "verified."
_DESCRIPTION = "mlflow.note.content"

_job: ContextVar[Mapping[str, str] | None] = ContextVar("mlflow_instance_job", default=None)


class CiLink:
    """The verified claims of a request's workload, for the handlers of this request."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        account = scope.get(ACCOUNT_KEY)
        caller = account.caller if account is not None else None
        claims = getattr(caller, "claims", None)
        # Set for everybody: a context may be one that another request has left.
        _job.set({"workload": caller.name, **claims} if claims is not None else None)
        await self._app(scope, receive, send)


def stamp_jobs() -> None:
    from mlflow.entities import ExperimentTag, LoggedModelTag, RunTag
    from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking

    _stamp(Tracking, "create_run", RunTag)
    _stamp(Tracking, "create_logged_model", LoggedModelTag)
    _stamp(Registry, "create_model_version", ModelVersionTag)
    # These get no tags of their own; reserved tags of a client are dropped all the same.
    _stamp(Tracking, "create_experiment", ExperimentTag, told=False)
    _stamp(Registry, "create_registered_model", RegisteredModelTag, told=False)

    for method in (
        "set_experiment_tag",
        "delete_experiment_tag",
        "set_tag",
        "delete_tag",
        "log_batch",
        "set_logged_model_tags",
        "delete_logged_model_tag",
        "start_trace",
        "set_trace_tag",
        "delete_trace_tag",
    ):
        _guard(Tracking, method)
    for method in (
        "set_registered_model_tag",
        "delete_registered_model_tag",
        "set_model_version_tag",
        "delete_model_version_tag",
    ):
        _guard(Registry, method)


def _guard(store: Any, method: str) -> None:
    signature = inspect.signature(getattr(store, method))

    def check(*arguments: Any, **named: Any) -> None:
        _refuse(_keys(signature.bind(None, *arguments, **named).arguments))

    before(store, method, check)


def _keys(arguments: Mapping[str, Any]) -> Iterator[str]:
    """The keys of all tags that a call of a store has."""
    if "key" in arguments:
        yield arguments["key"]
    if "tag" in arguments:
        yield arguments["tag"].key
    yield from (tag.key for tag in arguments.get("tags") or ())
    if "trace_info" in arguments:
        yield from arguments["trace_info"].tags


def _refuse(keys: Iterable[str]) -> None:
    for key in keys:
        if key.startswith(PREFIX):
            raise MlflowException(
                f"tag {key[:100]!r}: the server itself writes tags that begin with {PREFIX!r}",
                error_code=INVALID_PARAMETER_VALUE,
            )


def _link(claims: Mapping[str, str]) -> str | None:
    """MLflow's interface shows an address in a tag as text, and one in a description as a link. Unlike
    the tags, a description is its users' to change."""
    job = claims.get("job", "")
    return f"[CI job]({job})" if job.startswith("https://") else None


def _stamp(store: Any, method: str, kind: Callable[[str, str], Any], *, told: bool = True) -> None:
    plain = getattr(store, method)
    signature = inspect.signature(plain)

    @functools.wraps(plain)
    def stamped(*arguments: Any, **named: Any) -> Any:
        call = signature.bind(*arguments, **named)
        given = call.arguments.get("tags") or ()
        # Left out and not refused: MLflow's client copies a model version with all of its tags.
        kept = [tag for tag in given if not tag.key.startswith(PREFIX)]
        claims = (_job.get() or {}) if told else {}
        tags = [*kept, *(kind(f"{PREFIX}{name}", value) for name, value in claims.items())]
        link = _link(claims)
        if link and "description" in signature.parameters:
            call.arguments["description"] = call.arguments.get("description") or link
        elif link and not any(tag.key == _DESCRIPTION for tag in kept):
            tags.append(kind(_DESCRIPTION, link))
        if tags or given:
            call.arguments["tags"] = tags
        return plain(*call.args, **call.kwargs)

    setattr(store, method, stamped)
