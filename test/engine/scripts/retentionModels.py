"""Cases of what a registered version or a logged model needs."""

from retentionShared import MODELS, fill
from seedClient import AT_BOUND, MODEL_FOLDER, ODD_FOLDER, OLD, RECENT, Seed


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
