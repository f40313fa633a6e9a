"""Deleted things of every kind and age, and a retention that must do exactly what its dry run says."""

from mlflow_instance.maintenance.retention import retain
from tests.maintenance.world import Outcome, World, days

# Days since the deletion, beside a grace of 30.
OLD, RECENT = 31, 29


def ago(world: World, number: float) -> int:
    return world.now - days(number)


def deleted_run(world: World, experiment: int, age: float | None = OLD, **options: object) -> str:
    deleted = None if age is None else ago(world, age)
    run = world.run(experiment, status="FINISHED", stage="deleted", deleted=deleted, **options)  # type: ignore[arg-type]
    world.put(f"artifacts/{experiment}/{run}/artifacts/model/weights", b"12345")
    return run


def deleted_experiment(
    world: World, name: str = "gone", age: float = OLD, **options: object
) -> int:
    return world.experiment(name, stage="deleted", updated=ago(world, age), **options)  # type: ignore[arg-type]


def logged_model(
    world: World, experiment: int, age: float | None = None, run: str | None = None
) -> str:
    stage, updated = ("active", None) if age is None else ("deleted", ago(world, age))
    model = world.logged_model(experiment, stage=stage, updated=updated, run=run)
    world.put(f"artifacts/{experiment}/models/{model}/artifacts/MLmodel", b"123")
    return model


def trace(
    world: World, experiment: int, tags: dict[str, str] | None = None, run: str | None = None
) -> str:
    trace = world.trace(experiment, at=ago(world, 40), tags=tags, run=run)
    world.put(f"artifacts/{experiment}/traces/{trace}/artifacts/traces.json", b"1")
    return trace


def alias(world: World, model: str, version: int, name: str) -> None:
    world.sql(
        "INSERT INTO registered_model_aliases (workspace, name, version, alias) VALUES ('default', %s, %s, %s)",
        model,
        version,
        name,
    )


def preview(world: World) -> Outcome:
    return world.run_job(retain, command="retention", dry_run=True)


def clean(world: World) -> Outcome:
    """A real run, after a dry run that must say exactly what it then does."""
    said = preview(world)
    assert said.code == 0
    before = set(world.keys("artifacts/"))
    done = world.run_job(retain, command="retention")
    assert done.code == 0, done.events
    assert [one["event"] for one in done.events] == ["summary"]
    assert done.summary["removed"] == said.summary["removed"]
    assert done.summary["kept"] == said.summary["kept"]
    assert said.summary["removed"]["objects"] == len(before - set(world.keys("artifacts/")))
    assert sum(one["objects"] for one in said.of("remove")) == said.summary["removed"]["objects"]
    assert sum(one["bytes"] for one in said.of("remove")) == said.summary["removed"]["bytes"]
    return said


def removed(outcome: Outcome) -> set[str]:
    return {one["id"] for one in outcome.of("remove")}


def kept(outcome: Outcome) -> dict[str, tuple[str, str | None]]:
    return {one["id"]: (one["reason"], one.get("because")) for one in outcome.of("keep")}


def reasons(outcome: Outcome) -> dict[str, str]:
    return {item: reason for item, (reason, _) in kept(outcome).items()}


def ids(world: World, table: str, column: str) -> set[str]:
    return {str(row[0]) for row in world.sql(f"SELECT {column} FROM {table}")}
