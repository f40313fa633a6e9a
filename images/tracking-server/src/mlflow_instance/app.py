"""Puts MLflow's server application and our layer together."""

import os
import uuid
import warnings
from collections.abc import Callable

from mlflow_instance.access_log import log_access
from mlflow_instance.accounting import Observer
from mlflow_instance.asgi import App
from mlflow_instance.callers import Callers
from mlflow_instance.imports import import_for_requests, open_artifact_store
from mlflow_instance.limits import limits_of
from mlflow_instance.middleware import InstanceMiddleware
from mlflow_instance.pool import kept_connections
from mlflow_instance.readiness import DatabaseProbe, Readiness
from mlflow_instance.settings import Settings
from mlflow_instance.source import Source
from mlflow_instance.stall import Stall
from mlflow_instance.tokens import TokenStore
from mlflow_instance.turns import Turns, turns_of_pool
from mlflow_instance.workloads.fetch import Fetch
from mlflow_instance.workloads.store import WorkloadStore


_starts: list[Callable[[], None]] = []


def on_start(start: Callable[[], None]) -> None:
    """Called in each worker, once its stores are open: threads don't live through a fork."""
    _starts.append(start)


def set_mlflow_environment(settings: Settings) -> None:
    """What `mlflow server` exports to its workers (mlflow/server/__init__.py, `_run_server`), before MLflow is imported."""
    os.environ.update(
        {
            "_MLFLOW_SERVER_FILE_STORE": settings.database_uri,
            "_MLFLOW_SERVER_REGISTRY_STORE": settings.database_uri,
            "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
            "_MLFLOW_SERVER_ARTIFACT_DESTINATION": settings.artifacts_destination,
            "_MLFLOW_SERVER_BOOT_ID": uuid.uuid4().hex,
            "_MLFLOW_IN_JOB_EXECUTOR": "false",
            "_MLFLOW_SGI_NAME": "uvicorn",
            "MLFLOW_ENABLE_WORKSPACES": "false",
        }
    )
    os.environ.update(kept_connections(os.environ))
    # Job runners are processes of 180 MB each that an instance does not need.
    os.environ.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # It calls model providers from this server, with keys that it stores: nothing that an instance
    # has without being asked.
    os.environ.setdefault("MLFLOW_ENABLE_AI_GATEWAY", "false")
    # MLflow's pages ask for one thing in a query; each more is a search of its own.
    os.environ.setdefault("MLFLOW_SERVER_GRAPHQL_MAX_ROOT_FIELDS", "3")


def build_app(settings: Settings) -> App:
    set_mlflow_environment(settings)
    with warnings.catch_warnings():
        # MLflow's use of a deprecated part of Starlette is not the reader's concern.
        warnings.filterwarnings("ignore", message="starlette.middleware.wsgi is deprecated")
        from mlflow.server import app as flask_app
        from mlflow.server.fastapi_app import app as mlflow_app

        import_for_requests()

    from mlflow_instance.answers import MeteredAnswers, bound_answers
    from mlflow_instance.artifact_list import bound_listings
    from mlflow_instance.audit.audit import Audit
    from mlflow_instance.audit.layer import Audited
    from mlflow_instance.audit.objects import note_objects
    from mlflow_instance.bounded_entries import bound_entries
    from mlflow_instance.bounded_queries import bound_queries
    from mlflow_instance.bulk_deletions import delete_without_loading
    from mlflow_instance.ci_link import CiLink, stamp_jobs
    from mlflow_instance.confine import confine_repositories
    from mlflow_instance.database_errors import translate_database_errors
    from mlflow_instance.download import add_streamed_download
    from mlflow_instance.ended_statements import explain_ended_statements
    from mlflow_instance.failures import Failures
    from mlflow_instance.file_answers import FileAnswers
    from mlflow_instance.handoff import take_over_files
    from mlflow_instance.lasting_pool import (
        connections_in_use,
        make_pools_last,
        spare_connection,
    )
    from mlflow_instance.lasting_trace_times import keep_trace_times
    from mlflow_instance.latest_versions import read_latest_versions_only
    from mlflow_instance.locations_written import check_written_locations
    from mlflow_instance.messages import clean_messages
    from mlflow_instance.no_migration import forbid_migration
    from mlflow_instance.otlp import add_threaded_traces
    from mlflow_instance.repeated_writes import repeat_overtaken_writes
    from mlflow_instance.store_errors import use_short_retries
    from mlflow_instance.stored_file import bound_whole_downloads
    from mlflow_instance.taken_names import tell_of_deleted_namesakes
    from mlflow_instance.trace_archives import forbid_trace_archives
    from mlflow_instance.unhandled import answer_unhandled_errors
    from mlflow_instance.webhooks import read_lost_secrets_as_none
    from mlflow_instance.whole_history import WholeHistory
    from mlflow_instance.wsgi import replace_bridge

    # Makes the session of all S3 clients, in which the next line puts its check.
    use_short_retries()
    confine_repositories(settings.artifacts_destination)
    check_written_locations(settings.artifacts_destination)
    stamp_jobs()
    forbid_trace_archives()
    forbid_migration()
    translate_database_errors()
    repeat_overtaken_writes()
    delete_without_loading()
    read_latest_versions_only()
    read_lost_secrets_as_none()
    tell_of_deleted_namesakes()
    clean_messages()
    note_objects()
    answer_unhandled_errors(mlflow_app)
    bound_queries()
    bound_entries()
    keep_trace_times()
    explain_ended_statements()
    turns = turns_of_pool(os.environ)
    limits = limits_of(settings.memory_limit, settings.workers, turns)
    replace_bridge(mlflow_app, flask_app, turns)
    add_threaded_traces(mlflow_app, turns)
    bound_answers(limits.answer_bytes)
    make_pools_last()
    bound_whole_downloads(limits.answer_bytes)
    bound_listings()
    take_over_files()
    add_streamed_download(mlflow_app)
    stall = Stall()
    answers = MeteredAnswers(mlflow_app, limits.answer_bytes, turns)
    # Outside of the turns: to send an answer or a file takes as long as its reader, and needs no
    # connection to the database.
    in_turn = Turns(answers, turns, limits, stall=stall)
    sent = WholeHistory(in_turn, in_turn.unsent)
    audit = Audit(spare_connection, days=settings.audit_days)
    observers: list[Observer] = [log_access, audit.observe]
    if settings.metrics_port is not None:
        from mlflow_instance.metrics.requests import count
        from mlflow_instance.metrics.state import tell_state

        observers.append(count)
        on_start(lambda: tell_state(lambda: in_turn.waiting, connections_in_use))
    answered = Failures(FileAnswers(sent, limits.worker_bytes // 8))
    return InstanceMiddleware(
        Audited(CiLink(answered), audit),
        name=settings.name,
        callers=_callers(settings),
        readiness=Readiness(DatabaseProbe(settings.database_uri).answers),
        allowed_origins=settings.allowed_origins,
        stall=stall,
        allowed_hosts=settings.allowed_hosts,
        source=Source(settings.ingress_addresses),
        observers=observers,
    )


def _callers(settings: Settings) -> Callers:
    if settings.workloads_file is None:
        return Callers(TokenStore(settings.tokens_file))
    fetch = Fetch(settings.issuers_ca_file)
    workloads = WorkloadStore(settings.workloads_file, fetch.keys_of)
    return Callers(TokenStore(settings.tokens_file), workloads)


def open_stores(settings: Settings) -> None:
    """Opens the stores now rather than in the first requests, and checks the schema once more with MLflow's own eyes."""
    from mlflow.server.handlers import initialize_backend_stores

    from mlflow_instance.lasting_pool import fill_pools

    initialize_backend_stores(settings.database_uri, settings.database_uri, "mlflow-artifacts:/")
    fill_pools()
    open_artifact_store()
    for start in _starts:
        start()
