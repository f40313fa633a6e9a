"""Which role each route of MLflow 3.17 needs, in MLflow's own semantics (the permissions of its basic-auth app).

READ reads, EDIT creates and updates, MANAGE deletes and restores, ADMIN does the rest. What is not listed needs READ when the
method is GET or HEAD and ADMIN otherwise, so a route that a new MLflow adds is closed until somebody has looked at it.
`/ajax-api/…` (the UI) and `/api/…` (clients) are one and the same. `*` is one path segment, `**` is one or more.
"""

from mlflow_instance.roles import Role

# Searches that are POST because their filters are long, and what a page of the UI sends by itself.
READ = """
POST /api/2.0/mlflow/artifacts/presigned-download-url
POST /api/2.0/mlflow/experiments/search
POST /api/2.0/mlflow/experiments/search-datasets
POST /api/2.0/mlflow/logged-models/search
POST /api/2.0/mlflow/registered-models/get-latest-versions
POST /api/2.0/mlflow/runs/search
POST /api/3.0/jobs/search
POST /api/3.0/mlflow/datasets/search
POST /api/3.0/mlflow/issues/search
POST /api/3.0/mlflow/prompt-optimization/jobs/search
POST /api/3.0/mlflow/traces/batchGetInfos
POST /api/3.0/mlflow/traces/calculate-filter-correlation
POST /api/3.0/mlflow/traces/metrics
POST /api/3.0/mlflow/traces/search
POST /api/3.0/mlflow/ui-telemetry
POST /graphql
"""

EDIT = """
PUT /api/2.0/mlflow-artifacts/artifacts/**
POST /api/2.0/mlflow-artifacts/mpu/abort/**
POST /api/2.0/mlflow-artifacts/mpu/complete/**
POST /api/2.0/mlflow-artifacts/mpu/create/**
POST /api/2.0/mlflow/artifacts/presigned-upload-url
POST /api/2.0/mlflow/experiments/create
POST /api/2.0/mlflow/experiments/delete-experiment-tag
POST /api/2.0/mlflow/experiments/set-experiment-tag
POST /api/2.0/mlflow/experiments/update
POST /api/2.0/mlflow/logged-models
PATCH /api/2.0/mlflow/logged-models/*
POST /api/2.0/mlflow/logged-models/*/params
PATCH /api/2.0/mlflow/logged-models/*/tags
POST /api/2.0/mlflow/model-versions/create
POST /api/2.0/mlflow/model-versions/set-tag
POST /api/2.0/mlflow/model-versions/transition-stage
PATCH /api/2.0/mlflow/model-versions/update
POST /api/2.0/mlflow/registered-models/alias
POST /api/2.0/mlflow/registered-models/create
DELETE /api/2.0/mlflow/registered-models/delete-tag
POST /api/2.0/mlflow/registered-models/rename
POST /api/2.0/mlflow/registered-models/set-tag
PATCH /api/2.0/mlflow/registered-models/update
POST /api/2.0/mlflow/runs/create
POST /api/2.0/mlflow/runs/create-promptlab-run
POST /api/2.0/mlflow/runs/delete-tag
POST /api/2.0/mlflow/runs/log-batch
POST /api/2.0/mlflow/runs/log-inputs
POST /api/2.0/mlflow/runs/log-metric
POST /api/2.0/mlflow/runs/log-model
POST /api/2.0/mlflow/runs/log-parameter
POST /api/2.0/mlflow/runs/outputs
POST /api/2.0/mlflow/runs/set-tag
POST /api/2.0/mlflow/runs/update
POST /api/2.0/mlflow/traces
PATCH /api/2.0/mlflow/traces/*
DELETE /api/2.0/mlflow/traces/*/tags
PATCH /api/2.0/mlflow/traces/*/tags
POST /api/2.0/mlflow/traces/link-prompts
POST /api/2.0/mlflow/traces/link-to-run
POST /api/2.0/mlflow/upload-artifact
POST /api/3.0/mlflow/datasets/*/add-experiments
POST /api/3.0/mlflow/datasets/*/records
PATCH /api/3.0/mlflow/datasets/*/tags
DELETE /api/3.0/mlflow/datasets/*/tags/*
POST /api/3.0/mlflow/datasets/create
POST /api/3.0/mlflow/issues
PATCH /api/3.0/mlflow/issues/*
POST /api/3.0/mlflow/label-schemas/create
POST /api/3.0/mlflow/mcp-servers
PATCH /api/3.0/mlflow/mcp-servers/**
POST /api/3.0/mlflow/mcp-servers/**
POST /api/3.0/mlflow/review-queues/create
POST /api/3.0/mlflow/review-queues/get-or-create-user
POST /api/3.0/mlflow/review-queues/items/add
POST /api/3.0/mlflow/review-queues/items/remove
POST /api/3.0/mlflow/review-queues/items/set-status
POST /api/3.0/mlflow/review-queues/update
PUT /api/3.0/mlflow/scorers/online-config
POST /api/3.0/mlflow/scorers/register
POST /api/3.0/mlflow/traces
POST /api/3.0/mlflow/traces/*/assessments
DELETE /api/3.0/mlflow/traces/*/assessments/*
PATCH /api/3.0/mlflow/traces/*/assessments/*
DELETE /api/3.0/mlflow/traces/*/tags
PATCH /api/3.0/mlflow/traces/*/tags
POST /v1/traces
"""

# Starts work on the server, or spends somebody's money at a model provider (MLflow's USE, which its
# EDIT includes).
EDIT += """
GET /api/2.0/mlflow/gateway-proxy
POST /api/2.0/mlflow/gateway-proxy
POST /api/3.0/mlflow/demo/generate
POST /api/3.0/mlflow/genai/evaluate/invoke
POST /api/3.0/mlflow/issues/invoke
PATCH /api/3.0/mlflow/jobs/cancel/*
POST /api/3.0/mlflow/prompt-optimization/jobs
POST /api/3.0/mlflow/prompt-optimization/jobs/*/cancel
POST /api/3.0/mlflow/scorer/invoke
POST /gateway/**
"""

# Deleting artifacts is MLflow's own right of an owner; the files go at once, without the grace of a
# soft delete.
MANAGE = """
DELETE /api/2.0/mlflow-artifacts/artifacts/**
POST /api/2.0/mlflow/experiments/delete
POST /api/2.0/mlflow/experiments/restore
DELETE /api/2.0/mlflow/logged-models/*
DELETE /api/2.0/mlflow/logged-models/*/tags/*
DELETE /api/2.0/mlflow/model-versions/delete
DELETE /api/2.0/mlflow/model-versions/delete-tag
DELETE /api/2.0/mlflow/registered-models/alias
DELETE /api/2.0/mlflow/registered-models/delete
POST /api/2.0/mlflow/runs/delete
POST /api/2.0/mlflow/runs/restore
POST /api/2.0/mlflow/traces/delete-traces
DELETE /api/3.0/mlflow/datasets/*
DELETE /api/3.0/mlflow/datasets/*/records
POST /api/3.0/mlflow/datasets/*/remove-experiments
DELETE /api/3.0/mlflow/label-schemas/delete
PATCH /api/3.0/mlflow/label-schemas/update
DELETE /api/3.0/mlflow/mcp-servers/**
DELETE /api/3.0/mlflow/prompt-optimization/jobs/*
POST /api/3.0/mlflow/review-queues/delete
DELETE /api/3.0/mlflow/scorers/delete
POST /api/3.0/mlflow/traces/delete-traces
"""

# GETs that show what others must not see: webhook addresses often hold a key, and the gateway's
# secrets and rules are the administrator's.
ADMIN = """
GET /api/2.0/mlflow/webhooks
GET /api/2.0/mlflow/webhooks/*
GET /api/3.0/mlflow/gateway/guardrails/get
GET /api/3.0/mlflow/gateway/guardrails/list
GET /api/3.0/mlflow/gateway/secrets/get
GET /api/3.0/mlflow/gateway/secrets/list
"""

# MLflow's assistant runs commands on the server's own host: nobody's business here, whatever the
# token. Workspaces are off, one instance is one team's; MLflow's own answer is a 503, which its
# client repeats for minutes.
CLOSED = ("/api/3.0/mlflow/assistant", "/api/3.0/mlflow/workspaces")

TABLE: tuple[tuple[Role, str], ...] = (
    (Role.READ, READ),
    (Role.EDIT, EDIT),
    (Role.MANAGE, MANAGE),
    (Role.ADMIN, ADMIN),
)
