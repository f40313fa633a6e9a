"""Cases of what was deleted long ago, at the bound, recently or at a time that nobody knows."""

import mlflow
from retentionShared import MODELS, fill
from seedClient import AT_BOUND, FRESH, OLD, RECENT, Seed


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
