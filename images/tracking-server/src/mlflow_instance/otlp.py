"""`POST /v1/traces` in a thread. MLflow turns the spans of a batch into its own on the event loop, where everybody else waits."""

import asyncio
from functools import partial

import anyio
import anyio.to_thread
from fastapi import FastAPI
from mlflow.server import otel_api
from mlflow.tracing.utils.otlp import MLFLOW_EXPERIMENT_ID_HEADER, MLFLOW_RUN_ID_HEADER, OTLP_TRACES_PATH
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


def add_threaded_traces(app: FastAPI, threads: int) -> None:
    """In front of MLflow's own route: Starlette takes the first that matches."""
    limiter = anyio.CapacityLimiter(threads)

    async def export(request: Request) -> Response:
        if MLFLOW_EXPERIMENT_ID_HEADER not in request.headers:
            # As FastAPI answers.
            missing = {"type": "missing", "loc": ["header", MLFLOW_EXPERIMENT_ID_HEADER], "msg": "Field required", "input": None}
            return JSONResponse({"detail": [missing]}, status_code=422)
        # The request keeps it: MLflow's handler reads it without waiting.
        await request.body()
        return await anyio.to_thread.run_sync(partial(_export, request), limiter=limiter)

    app.router.routes.insert(0, Route(OTLP_TRACES_PATH, export, methods=["POST"]))


def _export(request: Request) -> Response:
    headers = request.headers
    try:
        return asyncio.run(
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
