"""Cases of locations that are shared, nested, ambiguous or outside of the bucket."""

from retentionShared import MODELS, fill
from seedClient import MODEL_FOLDER, OLD, Seed

OTHER_BUCKET = "s3://another-bucket/experiments/7"


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
