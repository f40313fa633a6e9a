"""Fills an instance with everything that retention has to tell apart; every function is a case and runs beside the others.

Prints one JSON object: what was made, how old each deletion shall look, and what must become of single items.
"""

import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

os.environ["MLFLOW_ENABLE_ASYNC_TRACE_LOGGING"] = "false"
# The cases run beside each other; within one, a few files one after the other.
os.environ["MLFLOW_ARTIFACT_UPLOAD_THREADS"] = "1"

import mlflow
from seedClient import AT_BOUND, FRESH, MODEL_FOLDER, ODD_FOLDER, OLD, RECENT, Seed

OTHER_BUCKET = "s3://another-bucket/experiments/7"
MODELS = [
    "claims champion",
    "claims logged",
    "claims by path",
    "claims nested",
    "claims retired",
    "claims Größe",
    "claims by version",
    "claims legacy",
    "claims shared",
    "claims fallback",
]


def fill(seed: Seed, experiment: str, count: int) -> list[str]:
    """Ordinary runs: a parent with children, some with a dataset, each third with odd files."""
    runs: list[str] = []
    for index in range(count):
        runs.append(
            seed.run(
                experiment,
                f"run {index}",
                parent=runs[0] if index % 4 in (1, 2) else None,
                dataset=f"table-{index % 3}" if index % 2 == 0 else None,
                folder=ODD_FOLDER
                if index == 1
                else None
                if index % 3 == 0
                else os.path.join(MODEL_FOLDER, "data"),
            )
        )
    return runs


def active_experiment(seed: Seed) -> None:
    experiment = seed.experiment("active")
    runs = fill(seed, experiment, 16)
    seed.stay("active", "run", *runs[10:])
    seed.stay("active", "experiment", experiment)
    # The parent goes, its children stay, and the other way round.
    seed.go("deleted long ago", "run", seed.delete_run(runs[0], OLD), seed.delete_run(runs[5], OLD))
    seed.go("at the bound", "run", seed.delete_run(runs[3], AT_BOUND))
    seed.stay(
        "deleted recently", "run", seed.delete_run(runs[4], RECENT), seed.delete_run(runs[6], FRESH)
    )
    seed.stay("nobody knows when it was deleted", "run", seed.delete_run(runs[7], None))
    for index, tag in ((8, "keep"), (9, "keep")):
        seed.client.set_tag(runs[index], tag, "false" if index == 8 else "until the audit")
        seed.stay("keep tag", "run", seed.delete_run(runs[index], OLD))


def old_experiment(seed: Seed) -> None:
    experiment = seed.experiment("old")
    runs = fill(seed, experiment, 14)
    model = seed.model(experiment, "forest", run=runs[0])
    deleted_model = seed.delete_model(seed.model(experiment, "tree", run=runs[1]), OLD)
    traces = [seed.trace(experiment, in_artifacts=each % 2 == 0, run=runs[2]) for each in range(4)]
    mlflow.log_feedback(trace_id=traces[0], name="correct", value=True)
    seed.client.delete_traces(experiment, trace_ids=[traces[2]])
    seed.delete_experiment(experiment, OLD)
    seed.go("of an old experiment", "run", *runs)
    seed.go("of an old experiment", "loggedModel", model, deleted_model)
    seed.go("of an old experiment", "trace", traces[0], traces[1], traces[3])
    seed.go("old", "experiment", experiment)


def experiment_at_bound(seed: Seed) -> None:
    experiment = seed.experiment("at the bound")
    runs = fill(seed, experiment, 12)
    seed.delete_experiment(experiment, AT_BOUND)
    seed.go("at the bound", "experiment", experiment)
    seed.go("at the bound", "run", *runs)


def recent_experiment(seed: Seed) -> None:
    experiment = seed.experiment("recent")
    runs = fill(seed, experiment, 12)
    model = seed.model(experiment, "forest", run=runs[0])
    trace = seed.trace(experiment, in_artifacts=True)
    # Deleted long before its experiment was.
    early = seed.delete_run(seed.run(experiment, "deleted first"), OLD)
    seed.delete_experiment(experiment, RECENT)
    seed.clock.append(("run", early, OLD))
    seed.stay("deleted recently", "run", *runs)
    seed.stay("of a recently deleted experiment", "loggedModel", model)
    seed.stay("of a recently deleted experiment", "trace", trace)
    seed.stay("deleted recently", "experiment", experiment)
    seed.go("deleted before its experiment", "run", early)


def unknown_time(seed: Seed) -> None:
    experiment = seed.experiment("deleted when?")
    runs = fill(seed, experiment, 6)
    seed.delete_experiment(experiment, None)
    for run in runs[3:]:
        seed.clock.append(("run", run, OLD))
    seed.stay("nobody knows when it was deleted", "experiment", experiment)
    seed.stay("nobody knows when it was deleted", "run", *runs[:3])
    seed.go("deleted long ago", "run", *runs[3:])


def champion(seed: Seed) -> None:
    """The champion's files are artifacts of a run of an experiment that was deleted long ago."""
    experiment = seed.experiment("champion")
    runs = fill(seed, experiment, 12)
    winner = seed.run(experiment, "winner", folder=None, dataset="claims-2026")
    seed.client.log_artifacts(winner, MODEL_FOLDER, "model")
    seed.client.log_artifacts(winner, ODD_FOLDER, "evaluation")
    seed.version(MODELS[0], f"runs:/{runs[3]}/model", run=runs[3])
    seed.client.delete_model_version(MODELS[0], "1")
    seed.version(MODELS[0], f"runs:/{winner}/model", run=winner, alias="champion")
    seed.delete_experiment(experiment, OLD)
    seed.named["winner"] = winner
    seed.stay("champion", "run", winner)
    seed.stay("holds the champion", "experiment", experiment)
    seed.go("not the champion", "run", *runs)


def logged_champion(seed: Seed) -> None:
    experiment = seed.experiment("logged champion")
    runs = fill(seed, experiment, 12)
    model = seed.model(experiment, "forest", run=runs[2])
    other = seed.model(experiment, "forest", run=runs[3])
    seed.use_model(runs[4], model)
    seed.version(MODELS[1], f"models:/{model}", model=model, alias="champion")
    seed.delete_experiment(experiment, OLD)
    seed.stay("registered", "loggedModel", model)
    seed.stay("made the registered model", "run", runs[2])
    seed.go("not registered", "loggedModel", other)
    seed.go("only evaluated it", "run", runs[4])


def by_path(seed: Seed) -> None:
    experiment = seed.experiment("by path")
    runs = fill(seed, experiment, 8)
    run = seed.run(experiment, "with a path", folder=None)
    seed.client.log_artifacts(run, MODEL_FOLDER, "größe 50%/model")
    uri = seed.client.get_run(run).info.artifact_uri
    seed.version(MODELS[2], f"{uri}/größe 50%/model", run=run)
    seed.delete_experiment(experiment, OLD)
    seed.stay("a version's path", "run", run)
    seed.go("not registered", "run", *runs)


def by_version(seed: Seed) -> None:
    """A version of a version: `models:/<name>/<version>`."""
    experiment = seed.experiment("by version")
    run = seed.run(experiment, "first", folder=None)
    seed.client.log_artifacts(run, MODEL_FOLDER, "model")
    first = seed.version(MODELS[6], f"runs:/{run}/model", run=run)
    seed.client.copy_model_version(f"models:/{MODELS[6]}/{first}", MODELS[5])
    seed.client.delete_model_version(MODELS[6], first)
    runs = fill(seed, experiment, 8)
    seed.delete_experiment(experiment, OLD)
    seed.stay("the copy of a deleted version still needs it", "run", run)
    seed.go("not registered", "run", *runs)


def runs_fallback(seed: Seed) -> None:
    """`runs:/<run>/<name>` of a run whose files are a logged model's: clients find them there."""
    experiment = seed.experiment("fallback")
    runs = fill(seed, experiment, 8)
    model = seed.model(experiment, "forest", run=runs[0])
    unrelated = seed.model(experiment, "tree", run=runs[0])
    seed.version(MODELS[9], f"runs:/{runs[0]}/forest", run=runs[0], alias="champion")
    seed.delete_model(model, OLD)
    seed.delete_experiment(experiment, OLD)
    seed.stay("found by the run's name of it", "loggedModel", model)
    seed.stay("of a run that is kept", "loggedModel", unrelated)
    seed.stay("registered", "run", runs[0])


def retired(seed: Seed) -> None:
    """A version that was deleted protects nothing, and a registered model that lost all of its versions neither."""
    experiment = seed.experiment("retired")
    runs = fill(seed, experiment, 8)
    model = seed.model(experiment, "forest", run=runs[0])
    made = seed.version(MODELS[4], f"models:/{model}", model=model, alias="challenger")
    seed.client.delete_model_version(MODELS[4], made)
    seed.delete_experiment(experiment, OLD)
    seed.go("its version was deleted", "loggedModel", model)
    seed.go("its version was deleted", "run", *runs)
    seed.go("its version was deleted", "experiment", experiment)


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


def restored_run(seed: Seed) -> None:
    experiment = seed.experiment("restored run")
    runs = fill(seed, experiment, 10)
    seed.delete_experiment(experiment, OLD)
    seed.client.restore_run(runs[0])
    seed.client.restore_run(runs[1])
    seed.delete_run(runs[1], RECENT)
    seed.stay("restored alone", "run", runs[0])
    seed.stay("deleted again, recently", "run", runs[1])
    seed.go("deleted with its experiment", "run", *runs[2:])
    seed.stay("holds what is kept", "experiment", experiment)


def logged_models(seed: Seed) -> None:
    """Logged models of an active experiment: only deleted ones go, registered ones never, whatever becomes of their runs."""
    experiment = seed.experiment("models")
    runs = fill(seed, experiment, 14)
    old = [
        seed.delete_model(seed.model(experiment, "forest", run=runs[each]), OLD)
        for each in range(2)
    ]
    old.append(seed.delete_model(seed.model(experiment, "no run"), AT_BOUND))
    recent = seed.delete_model(seed.model(experiment, "forest", run=runs[2]), RECENT)
    registered = seed.model(experiment, "forest", run=runs[3])
    seed.use_model(runs[7], registered)
    seed.version(MODELS[7], f"models:/{registered}", model=registered)
    seed.delete_model(registered, OLD)
    seed.delete_run(runs[3], OLD)
    active_of_deleted_run = seed.model(experiment, "forest", run=runs[4])
    seed.delete_run(runs[4], OLD)
    kept = seed.delete_model(seed.model(experiment, "forest", tags={"keep": "1"}), OLD)
    evaluated = seed.model(experiment, "forest", run=runs[5])
    seed.use_model(runs[6], evaluated)
    seed.delete_run(runs[6], OLD)
    seed.go("deleted long ago", "loggedModel", *old)
    seed.stay("deleted recently", "loggedModel", recent)
    seed.stay("registered", "loggedModel", registered)
    seed.stay("made a registered model", "run", runs[3])
    seed.stay("active", "loggedModel", active_of_deleted_run, evaluated)
    seed.go("its model is active, it isn't", "run", runs[4], runs[6])
    seed.stay("keep tag", "loggedModel", kept)


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


def shared_locations(seed: Seed) -> None:
    """Locations may be nested in each other, or be the same."""
    outer = seed.experiment("outer", location="mlflow-artifacts:/shared")
    inner = seed.experiment("inner", location="mlflow-artifacts:/shared/inner ü")
    outer_runs = fill(seed, outer, 8)
    inner_runs = fill(seed, inner, 8)
    seed.delete_experiment(outer, OLD)
    twin, other = (
        seed.experiment(name, location="mlflow-artifacts:/common")
        for name in ("twin", "other twin")
    )
    twin_runs = fill(seed, twin, 6)
    other_runs = fill(seed, other, 6)
    model = seed.model(other, "forest", run=other_runs[0])
    seed.version(MODELS[8], f"models:/{model}", model=model, alias="champion")
    seed.delete_experiment(twin, OLD)
    # Named like the beginning of another.
    neighbour = seed.experiment("neighbour", location="mlflow-artifacts:/common-2")
    neighbour_runs = fill(seed, neighbour, 4)
    # A champion in the inner one while both are deleted.
    lower = seed.experiment("lower", location="mlflow-artifacts:/deep")
    upper = seed.experiment("upper", location="mlflow-artifacts:/deep/er")
    lower_runs, upper_runs = fill(seed, lower, 4), fill(seed, upper, 4)
    seed.version(MODELS[3], f"runs:/{upper_runs[1]}/data", run=upper_runs[1], alias="champion")
    seed.delete_experiment(lower, OLD)
    seed.delete_experiment(upper, OLD)
    seed.go("only its location is shared", "run", *outer_runs, *twin_runs, *lower_runs)
    seed.go("only its location is shared", "experiment", outer, twin, lower)
    seed.stay("active", "run", *inner_runs, *other_runs, *neighbour_runs)
    seed.stay("champion", "run", upper_runs[1])


def elsewhere(seed: Seed) -> None:
    """Locations outside of the instance's bucket are nothing that the job could remove."""
    experiment = seed.experiment("elsewhere", location=OTHER_BUCKET)
    run = seed.run(experiment, folder=None)
    seed.delete_experiment(experiment, OLD)
    seed.stay("not in the bucket", "experiment", experiment)
    seed.stay("not in the bucket", "run", run)


def many_small(seed: Seed) -> None:
    """Old experiments with little in them: none, no artifacts, or files that no client logged there."""
    empty = seed.experiment("empty")
    seed.delete_experiment(empty, OLD)
    bare = seed.experiment("bare")
    runs = [seed.run(bare, folder=None) for _ in range(6)]
    seed.delete_experiment(bare, OLD)
    odd = seed.experiment("odd names ü", location="mlflow-artifacts:/odd place/größe+1")
    odd_runs = fill(seed, odd, 6)
    seed.delete_experiment(odd, OLD)
    seed.go("old", "experiment", empty, bare, odd)
    seed.go("old", "run", *runs, *odd_runs)


def ambiguous_locations(seed: Seed) -> None:
    """The server decodes percent signs until nothing changes, so that one folder has many names; what has such a name is not removed."""
    experiment = seed.experiment("percent", location="mlflow-artifacts:/per%2520cent/place")
    runs = fill(seed, experiment, 4)
    seed.delete_experiment(experiment, OLD)
    # A version's path that is the same folder as a run's, spelt otherwise.
    plain = seed.experiment("plain spelling", location="mlflow-artifacts:/two words")
    run = seed.run(plain, folder=None)
    others = fill(seed, plain, 4)
    seed.client.log_artifacts(run, MODEL_FOLDER, "model")
    twice = seed.client.get_run(run).info.artifact_uri.replace(" ", "%2520")
    seed.version(MODELS[3], f"{twice}/model", run=run)
    seed.delete_experiment(plain, OLD)
    seed.stay("not plainly in the bucket", "run", *runs)
    seed.stay("a version's path", "run", run)
    seed.go("not registered", "run", *others)


def busy(seed: Seed) -> None:
    experiment = seed.experiment("busy")
    runs = fill(seed, experiment, 30)
    for run in runs[::2]:
        seed.go("deleted long ago", "run", seed.delete_run(run, OLD))
    for run, alias in zip(runs[1:12:2], ("baseline", "previous", "challenger") * 2, strict=True):
        seed.version(
            MODELS[7] if run in runs[1:6] else MODELS[8], f"runs:/{run}/data", run=run, alias=alias
        )
    seed.stay("active", "run", *runs[1::2])


def more_old(seed: Seed, name: str) -> None:
    experiment = seed.experiment(name)
    runs = fill(seed, experiment, 16)
    model = seed.model(experiment, "forest", run=runs[0])
    seed.delete_experiment(experiment, OLD)
    seed.go("old", "run", *runs)
    seed.go("old", "loggedModel", model)
    seed.go("old", "experiment", experiment)


CASES: list[Callable[[Seed], None]] = [
    busy,
    shared_locations,
    logged_models,
    active_experiment,
    old_experiment,
    champion,
    logged_champion,
    kept_experiments,
    recent_experiment,
    kept_parts,
    restored_run,
    traces,
    experiment_at_bound,
    by_path,
    by_version,
    runs_fallback,
    retired,
    many_small,
    ambiguous_locations,
    unknown_time,
    elsewhere,
    lambda seed: more_old(seed, "spring"),
    lambda seed: more_old(seed, "summer"),
    lambda seed: more_old(seed, "autumn"),
]


def main(threads: int) -> None:
    started = time.monotonic()
    seed = Seed()
    for name in MODELS:
        seed.client.create_registered_model(
            name, tags={"keep": "no tag that matters here"} if name == MODELS[4] else None
        )
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(case, seed) for case in CASES]:
            done.result()
    print(
        seed.manifest(
            seconds=round(time.monotonic() - started, 1), champion=f"models:/{MODELS[0]}@champion"
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
