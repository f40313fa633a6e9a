"""What the seeds write with: the unmodified MLflow client, and notes of what was made, how old it shall look, what must become of it."""

import json
import os
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    RunTag,
    SpanType,
    Trace,
    TraceData,
    TraceInfo,
    TraceState,
)
from mlflow.entities.trace_location import TraceLocation
from mlflow.tracing.client import TracingClient

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# Ages of deletions, with a retention of 30 days. The bound is passed from the moment it is set;
# recent stays so while the tests last.
OLD = 45 * DAY
AT_BOUND = 30 * DAY
RECENT = 30 * DAY - 30 * MINUTE
FRESH = HOUR

Age = int | None

# A model that any client loads without a package of its own: it doubles its input.
MODEL_FILES = {
    "MLmodel": """flavors:
  python_function:
    loader_module: doubling_model
    code: code
    data: data
mlflow_version: 3.17.2
""",
    "code/doubling_model.py": """class Doubling:
    def __init__(self, factor):
        self.factor = factor

    def predict(self, model_input, params=None):
        return [self.factor * each for each in model_input]


def _load_pyfunc(path):
    with open(path + "/factor.txt") as file:
        return Doubling(int(file.read()))
""",
    "data/factor.txt": "2",
}


def folder_of(files: dict[str, str | bytes]) -> str:
    folder = tempfile.mkdtemp(prefix="seed-")
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
    return folder


MODEL_FOLDER = folder_of(MODEL_FILES)
PLAIN_FOLDER = folder_of(
    {"notes.txt": "learning rate halved after epoch 3", "plots/loss curve.svg": "<svg/>" * 40}
)
ODD_FOLDER = folder_of(
    {
        "größe 100%.csv": "a,b\n1,2\n",
        "a b/c+d/日本語.txt": "odd names",
        "percent%20encoded.txt": "is no space",
        "empty": b"",
        "big.bin": os.urandom(300_000),
    }
)


@dataclass
class Seed:
    """Thread-safe as far as lists and dictionaries are."""

    client: MlflowClient = field(default_factory=MlflowClient)
    traces: TracingClient = field(default_factory=TracingClient)
    # (kind, id, age in seconds or None for "time unknown")
    clock: list[tuple[str, str, Age]] = field(default_factory=list)
    # What the issue says of single items, by hand: the model that computes everything is held
    # against it.
    stays: list[tuple[str, str, str]] = field(default_factory=list)
    goes: list[tuple[str, str, str]] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)

    def experiment(
        self, name: str, location: str | None = None, tags: dict[str, str] | None = None
    ) -> str:
        experiment_id = self.client.create_experiment(name, artifact_location=location, tags=tags)
        self.named[name] = experiment_id
        return experiment_id

    def run(
        self,
        experiment: str,
        name: str = "a run",
        *,
        parent: str | None = None,
        folder: str | None = PLAIN_FOLDER,
        dataset: str | None = None,
        tags: dict[str, str] | None = None,
        status: str | None = "FINISHED",
    ) -> str:
        all_tags = {**({"mlflow.parentRunId": parent} if parent else {}), **(tags or {})}
        run_id = self.client.create_run(experiment, run_name=name, tags=all_tags).info.run_id
        now = int(time.time() * 1000)
        self.client.log_batch(
            run_id,
            metrics=[Metric("loss", 1 / (step + 1), now, step) for step in range(5)]
            + [Metric("auc", float("nan"), now, 0)],
            params=[Param("learning_rate", "0.01"), Param("épochs", "5")],
            tags=[RunTag("team", "claims")],
        )
        if dataset is not None:
            self.dataset(run_id, dataset)
        if folder is not None:
            self.client.log_artifacts(run_id, folder)
        if status is not None:
            self.client.set_terminated(run_id, status)
        return run_id

    def dataset(self, run_id: str, name: str) -> None:
        data = Dataset(
            name=name, digest=name[:8], source_type="local", source="{}", schema="{}", profile="{}"
        )
        self.client.log_inputs(
            run_id, datasets=[DatasetInput(data, [InputTag("mlflow.data.context", "training")])]
        )

    def model(
        self,
        experiment: str,
        name: str,
        *,
        run: str | None = None,
        folder: str = MODEL_FOLDER,
        tags: dict[str, str] | None = None,
    ) -> str:
        made = self.client.create_logged_model(
            experiment, name, source_run_id=run, tags=tags, params={"depth": "3"}, model_type="tree"
        )
        self.client.log_model_artifacts(made.model_id, folder)
        self.client.finalize_logged_model(made.model_id, "READY")
        if run is not None:
            self.client.log_outputs(run, [LoggedModelOutput(made.model_id, step=0)])
        return made.model_id

    def use_model(self, run_id: str, model_id: str) -> None:
        """A run that evaluates a model of another run: its metrics hang on both."""
        self.client.log_inputs(run_id, models=[LoggedModelInput(model_id)])
        metric = Metric(
            "accuracy", 0.93, int(time.time() * 1000), 1, model_id=model_id, run_id=run_id
        )
        self.client.log_batch(run_id, metrics=[metric])

    def trace(
        self,
        experiment: str,
        *,
        in_artifacts: bool = False,
        run: str | None = None,
        tags: dict[str, str] | None = None,
    ) -> str:
        if in_artifacts:
            trace_id = f"tr-{uuid.uuid4().hex}"
            info = self.traces.start_trace(
                TraceInfo(
                    trace_id,
                    TraceLocation.from_experiment_id(experiment),
                    int(time.time() * 1000),
                    TraceState.OK,
                    tags=tags or {},
                )
            )
            self.traces._upload_trace_data(info, Trace(info, TraceData()).data)
        else:
            span = self.client.start_trace(
                "answer", span_type=SpanType.CHAIN, experiment_id=experiment, tags=tags
            )
            child = self.client.start_span("retrieve", span.trace_id, span.span_id)
            self.client.end_span(span.trace_id, child.span_id)
            self.client.end_trace(span.trace_id)
            trace_id = span.trace_id
        if run is not None:
            self.client.link_traces_to_run([trace_id], run)
        return trace_id

    def version(
        self,
        name: str,
        source: str,
        *,
        run: str | None = None,
        model: str | None = None,
        alias: str | None = None,
    ) -> str:
        made = self.client.create_model_version(
            name, source, run_id=run, model_id=model, tags={"stage": "candidate"}
        )
        if alias is not None:
            self.client.set_registered_model_alias(name, alias, made.version)
        return str(made.version)

    def location(self, experiment: str) -> str:
        return self.client.get_experiment(experiment).artifact_location

    def delete_experiment(self, experiment: str, age: Age) -> None:
        self.client.delete_experiment(experiment)
        self.clock.append(("experiment", experiment, age))

    def delete_run(self, run_id: str, age: Age) -> str:
        self.client.delete_run(run_id)
        self.clock.append(("run", run_id, age))
        return run_id

    def delete_model(self, model_id: str, age: Age) -> str:
        self.client.delete_logged_model(model_id)
        self.clock.append(("loggedModel", model_id, age))
        return model_id

    def stay(self, why: str, kind: str, *ids: str) -> None:
        self.stays.extend((kind, each, why) for each in ids)

    def go(self, why: str, kind: str, *ids: str) -> None:
        self.goes.extend((kind, each, why) for each in ids)

    def manifest(self, **more: Any) -> str:
        return json.dumps(
            {
                "clock": self.clock,
                "stays": self.stays,
                "goes": self.goes,
                "named": self.named,
                **more,
            }
        )
