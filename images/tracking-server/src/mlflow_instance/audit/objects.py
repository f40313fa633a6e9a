"""Which things a request is about, from what MLflow itself has read of it.

A body is not parsed a second time: another parser may read another id than the one MLflow acts on
(`runId` beside `run_id`, a name that is there twice, JSON in a string), and a large body would be
parsed on the event loop.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Found = dict[str, object]

# What the audit calls a field. Nothing else of a message is looked at: tags, parameters, values and
# secrets are none of its business.
_NAMES = {
    **{
        name: name
        for name in (
            "alias",
            "assessment_id",
            "budget_policy_id",
            "dataset_id",
            "endpoint_id",
            "experiment_id",
            "guardrail_id",
            "issue_id",
            "job_id",
            "key",
            "max_timestamp_millis",
            "max_traces",
            "model_definition_id",
            "model_id",
            "name",
            "new_name",
            "queue_id",
            "run_id",
            "schema_id",
            "scorer_id",
            "secret_id",
            "source_run_id",
            "stage",
            "trace_id",
            "version",
            "webhook_id",
        )
    },
    "request_id": "trace_id",
    "run_uuid": "run_id",
}
_LISTS = {
    "dataset_record_ids": "dataset_record_ids",
    "experiment_ids": "experiment_ids",
    "request_ids": "trace_ids",
    "run_ids": "run_ids",
    "trace_ids": "trace_ids",
}
# `trace.trace_info.trace_location.mlflow_experiment` of a trace is the deepest.
_DEEP = 5
# Of a list; the row has fewer, and says how many there were.
_MOST = 100_000

_current: ContextVar[Found | None] = ContextVar("mlflow_instance_audit_objects", default=None)


@contextmanager
def finding() -> Iterator[Found]:
    """What is found within the block, also in threads that it starts."""
    found: Found = {}
    token = _current.set(found)
    try:
        yield found
    finally:
        _current.reset(token)


def note_message(message: Any) -> None:
    """A protocol buffer that MLflow has read, or answers with. What was found first holds."""
    found = _current.get()
    if found is None:
        return
    level = [message]
    for _ in range(_DEEP):
        below: list[Any] = []
        fields = [(field.name, value) for one in level for field, value in one.ListFields()]
        # `run_id` before `run_uuid`, as MLflow prefers it.
        for name, value in sorted(fields, key=lambda field: _NAMES.get(field[0]) != field[0]):
            if hasattr(value, "ListFields"):
                below.append(value)
            else:
                _note(found, name, value)
        if not below:
            return
        level = below


def note_json(document: Any) -> None:
    found = _current.get()
    if found is not None and isinstance(document, dict):
        for name, value in document.items():
            _note(found, name, value)


def _note(found: Found, name: object, value: Any) -> None:
    if name in _NAMES:
        if isinstance(value, str | int) and value != "":
            found.setdefault(_NAMES[str(name)], str(value))
    elif name in _LISTS and isinstance(value, Sequence) and not isinstance(value, str):
        found.setdefault(_LISTS[str(name)], list(value[:_MOST]))


def note_objects() -> None:
    """Makes MLflow's Flask handlers tell what they read and what they answer."""
    import mlflow.server.handlers as handlers

    for name, note in (
        ("_get_request_message", note_message),
        ("_get_validated_flask_request_json", note_json),
    ):
        setattr(handlers, name, _noting(getattr(handlers, name), note))
    # Not `_wrap_response`: the answers to created runs and experiments don't pass it.
    write = handlers.message_to_json

    @functools.wraps(write)
    def message_to_json(message: Any, *arguments: Any, **named: Any) -> Any:
        note_message(message)
        return write(message, *arguments, **named)

    handlers.message_to_json = message_to_json


def _noting(read: Callable[..., Any], note: Callable[[Any], None]) -> Callable[..., Any]:
    @functools.wraps(read)
    def reading(*arguments: Any, **named: Any) -> Any:
        message = read(*arguments, **named)
        note(message)
        return message

    return reading
