"""Prints what the snippets of docs/for-ml-teams.md left at the server, as an MLflow client sees it.

The argument is JSON: for each snippet the experiment and, where it has them, the model and the data
that the model is scored with.
"""

import json
import os
import sys

# As docs/for-ml-teams.md asks of a service that loads the model.
os.environ["KERAS_BACKEND"] = "jax"

import mlflow
import numpy
from mlflow.entities import Run, Trace
from sklearn import datasets

client = mlflow.MlflowClient()


def files(run_id: str, folder: str | None = None) -> list[str]:
    found = []
    for file in client.list_artifacts(run_id, folder):
        found += files(run_id, file.path) if file.is_dir else [file.path]
    return sorted(found)


def run_facts(run: Run) -> dict:
    return {
        "status": run.info.status,
        "params": run.data.params,
        "metrics": run.data.metrics,
        "points": {
            key: len(client.get_metric_history(run.info.run_id, key)) for key in run.data.metrics
        },
        "files": files(run.info.run_id),
        "dataSets": [each.dataset.name for each in run.inputs.dataset_inputs],
    }


def model_facts(name: str, data: str, run: Run) -> dict:
    version = client.get_model_version_by_alias(name, "champion")
    model = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    rows, known = getattr(datasets, f"load_{data}")(return_X_y=True, as_frame=True)
    predicted = numpy.asarray(model.predict(rows)).ravel()
    return {
        "ofThisRun": version.run_id == run.info.run_id,
        "columns": len(model.metadata.signature.inputs.inputs),
        "predictions": len(predicted),
        "correlation": float(numpy.corrcoef(predicted, known)[0, 1]),
    }


def trace_facts(trace: Trace) -> dict:
    names = {span.span_id: span.name for span in trace.data.spans}
    return {
        "state": trace.info.state.value,
        "channel": trace.info.tags.get("channel"),
        "spans": {
            span.name: {
                "parent": names.get(span.parent_id),
                "type": span.span_type,
                "inputs": span.inputs,
                "outputs": span.outputs,
                "amount": span.get_attribute("amount"),
            }
            for span in trace.data.spans
        },
    }


def facts(experiment: str, model: str | None = None, data: str = "") -> dict:
    """Of the newest run or trace."""
    found = client.get_experiment_by_name(experiment)
    runs = client.search_runs([found.experiment_id], max_results=1)
    traces = client.search_traces(locations=[found.experiment_id], max_results=1)
    return {
        **({"run": run_facts(runs[0])} if runs else {}),
        **({"model": model_facts(model, data, runs[0])} if model else {}),
        **({"trace": trace_facts(traces[0])} if traces else {}),
    }


print(json.dumps({name: facts(**where) for name, where in json.loads(sys.argv[1]).items()}))
