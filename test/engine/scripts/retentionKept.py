"""Cases of what a tag keeps, or a living experiment."""

import mlflow
from retentionShared import fill
from seedClient import OLD, RECENT, Seed


def kept_experiments(seed: Seed) -> None:
    deleted = seed.experiment("kept, deleted", tags={"keep": ""})
    runs = fill(seed, deleted, 10)
    model = seed.delete_model(seed.model(deleted, "forest", run=runs[0]), OLD)
    trace = seed.trace(deleted, in_artifacts=True)
    seed.delete_experiment(deleted, OLD)
    active = seed.experiment("kept, active", tags={"keep": "audit"})
    more = fill(seed, active, 8)
    for run in more[:4]:
        seed.delete_run(run, OLD)
    seed.stay("of a kept experiment", "run", *runs, *more)
    seed.stay("of a kept experiment", "loggedModel", model)
    seed.stay("of a kept experiment", "trace", trace)
    seed.stay("keep tag", "experiment", deleted, active)


def kept_parts(seed: Seed) -> None:
    experiment = seed.experiment("keeps parts")
    runs = fill(seed, experiment, 10)
    seed.client.set_tag(runs[1], "keep", "")
    model = seed.model(experiment, "forest", run=runs[2], tags={"keep": "yes"})
    traces = [seed.trace(experiment, in_artifacts=True) for _ in range(3)]
    seed.client.set_trace_tag(traces[0], "keep", "1")
    of_kept_run = seed.model(experiment, "forest", run=runs[1])
    recent = seed.delete_model(seed.model(experiment, "tree", run=runs[3]), RECENT)
    gone = seed.delete_model(seed.model(experiment, "tree", run=runs[1]), OLD)
    seed.delete_experiment(experiment, OLD)
    seed.stay("of a run that is kept", "loggedModel", of_kept_run)
    seed.stay("deleted recently", "loggedModel", recent)
    seed.go("deleted long ago", "loggedModel", gone)
    seed.stay("keep tag", "run", runs[1])
    seed.stay("keep tag", "loggedModel", model)
    seed.stay("keep tag", "trace", traces[0])
    seed.stay("holds what is kept", "experiment", experiment)
    seed.go("no keep tag", "trace", *traces[1:])
    # "keep" is a key, not a beginning.
    other = seed.experiment("keeps nothing", tags={"keeper": "x", "Keep": "x"})
    seed.client.set_tag(seed.run(other), "keep-running", "x")
    seed.delete_experiment(other, OLD)
    seed.go("no keep tag", "experiment", other)


def traces(seed: Seed) -> None:
    experiment = seed.experiment("traces")
    runs = fill(seed, experiment, 6)
    made = [
        seed.trace(experiment, in_artifacts=each % 2 == 0, run=runs[0] if each < 3 else None)
        for each in range(8)
    ]
    for trace in made[:3]:
        mlflow.log_feedback(trace_id=trace, name="helpful", value=0.5, rationale="short")
    seed.client.delete_traces(experiment, trace_ids=made[6:])
    seed.delete_run(runs[0], OLD)
    seed.stay("of an active experiment", "trace", *made[:6])
    seed.go("the run of living traces", "run", runs[0])
