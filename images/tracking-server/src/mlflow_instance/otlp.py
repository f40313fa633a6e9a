"""`POST /v1/traces` in a thread. MLflow turns the spans of a batch into its own on the event loop,
where everybody else waits.

MLflow's handler is a coroutine that waits for nothing but its own threads. It is in one already, so
it runs to its end without an event loop: one for each request cost 2 ms of 20.
"""

from collections.abc import Callable, Coroutine
from functools import partial
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.to_thread
from fastapi import FastAPI
from mlflow.entities.span import Span
from mlflow.server import otel_api
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.tracing.utils.otlp import (
    MLFLOW_EXPERIMENT_ID_HEADER,
    MLFLOW_RUN_ID_HEADER,
    OTLP_TRACES_PATH,
)
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


def add_threaded_traces(app: FastAPI, threads: int) -> None:
    """In front of MLflow's own route: Starlette takes the first that matches."""
    limiter = anyio.CapacityLimiter(threads)
    otel_api.asyncio = SimpleNamespace(to_thread=_here)  # type: ignore[attr-defined]
    SqlAlchemyStore.log_spans_async = _log_spans  # type: ignore[method-assign]

    async def export(request: Request) -> Response:
        if MLFLOW_EXPERIMENT_ID_HEADER not in request.headers:
            # As FastAPI answers.
            missing = {
                "type": "missing",
                "loc": ["header", MLFLOW_EXPERIMENT_ID_HEADER],
                "msg": "Field required",
                "input": None,
            }
            return JSONResponse({"detail": [missing]}, status_code=422)
        # The request keeps it: MLflow's handler reads it without waiting.
        await request.body()
        return await anyio.to_thread.run_sync(partial(_export, request), limiter=limiter)

    app.router.routes.insert(0, Route(OTLP_TRACES_PATH, export, methods=["POST"]))


def _export(request: Request) -> Response:
    headers = request.headers
    try:
        return _finish(
            otel_api.export_traces(
                request,
                x_mlflow_experiment_id=headers[MLFLOW_EXPERIMENT_ID_HEADER],
                x_mlflow_run_id=headers.get(MLFLOW_RUN_ID_HEADER),
                content_type=headers.get("content-type"),
                content_encoding=headers.get("content-encoding"),
                user_agent=headers.get("user-agent"),
                x_mlflow_workspace=None,
            )
        )
    except HTTPException as error:
        return JSONResponse({"detail": error.detail}, status_code=error.status_code)


async def _here(work: Callable[..., Any], *arguments: Any) -> Any:
    return work(*arguments)


async def _log_spans(store: SqlAlchemyStore, location: str, spans: list[Span]) -> list[Span]:
    return store.log_spans(location, spans)


def _finish(handler: Coroutine[Any, Any, Response]) -> Response:
    try:
        handler.send(None)
    except StopIteration as end:
        answer: Response = end.value
        return answer
    handler.close()
    raise RuntimeError("MLflow's handler of spans waits for something that only an event loop has")
