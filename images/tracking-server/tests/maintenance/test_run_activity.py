"""The fingerprint, against MLflow's own store: whatever a client can log to a run changes it, and nothing else does."""

from collections.abc import Callable, Iterator

import pytest
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    LoggedModelTag,
    Metric,
    Param,
    RunStatus,
    RunTag,
    TraceInfo,
    TraceLocation,
    TraceState,
)
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from mlflow_instance.maintenance.privileges import STALE_RUNS
from mlflow_instance.maintenance.run_activity import facts_of
from mlflow_instance.maintenance.stale_decision import RunFacts
from tests.maintenance.world import World, make_world
from tests.support.postgres import Postgres
from tests.support.store import ObjectStore


class Subject:
    """A run with something of everything, as a client makes it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = SqlAlchemyStore(world.owner_uri, "mlflow-artifacts:/")
        self.experiment = self.store.create_experiment("fraud")
        self.run = self.create()
        self.model = self.store.create_logged_model(self.experiment, "model", self.run).model_id
        self.store.log_batch(
            self.run,
            [Metric("loss", 1.0, 1_700_000_000_000, 5)],
            [Param("depth", "3")],
            [RunTag("colour", "red")],
        )

    def create(self, **tags: str) -> str:
        return str(
            self.store.create_run(
                self.experiment, "u", self.world.now, [RunTag(*tag) for tag in tags.items()], "run"
            ).info.run_id
        )

    def facts(self) -> RunFacts:
        with self.world.job() as (context, _), context.connection.cursor() as cursor:
            (facts,) = facts_of(cursor, [self.run], self.world.now + 1000)
        return facts


@pytest.fixture(scope="module")
def world(postgres: Postgres, migrated_template: str, object_store: ObjectStore) -> Iterator[World]:
    world = make_world(postgres, migrated_template, object_store, STALE_RUNS)
    yield world
    world.rows.close()


@pytest.fixture(scope="module")
def subject(world: World) -> Subject:
    return Subject(world)


def dataset(name: str) -> DatasetInput:
    return DatasetInput(Dataset(name, "digest", "local", "{}"), [InputTag("context", "train")])


def trace(subject: Subject) -> None:
    subject.store.start_trace(
        TraceInfo(
            "tr-1",
            TraceLocation.from_experiment_id(subject.experiment),
            subject.world.now,
            TraceState.OK,
            trace_metadata={"mlflow.sourceRun": subject.run},
        )
    )


LOGGING: dict[str, Callable[[Subject], object]] = {
    "metric": lambda s: s.store.log_metric(s.run, Metric("loss", 0.5, 1_700_000_000_001, 6)),
    "metric of an earlier step": lambda s: s.store.log_metric(
        s.run, Metric("loss", 0.5, 1_600_000_000_000, 1)
    ),
    "metric that is not a number": lambda s: s.store.log_metric(
        s.run, Metric("loss", float("nan"), 1_600_000_000_000, 2)
    ),
    "metric in seconds": lambda s: s.store.log_metric(s.run, Metric("loss", 0.5, 1_700_000_000, 2)),
    "new metric": lambda s: s.store.log_metric(s.run, Metric("auc", 0.5, 1_600_000_000_000, 1)),
    "param": lambda s: s.store.log_param(s.run, Param("width", "3")),
    "tag": lambda s: s.store.set_tag(s.run, RunTag("size", "1")),
    "changed tag": lambda s: s.store.set_tag(s.run, RunTag("colour", "green")),
    "emptied tag": lambda s: s.store.set_tag(s.run, RunTag("colour", "")),
    "removed tag": lambda s: s.store.delete_tag(s.run, "colour"),
    "data set": lambda s: s.store.log_inputs(s.run, [dataset("train")]),
    "model as input": lambda s: s.store.log_inputs(s.run, models=[LoggedModelInput(s.model)]),
    "model as output": lambda s: s.store.log_outputs(s.run, [LoggedModelOutput(s.model, 1)]),
    "new model": lambda s: s.store.create_logged_model(s.experiment, "next", s.run),
    "finished model": lambda s: s.store.finalize_logged_model(s.model, LoggedModelStatus.READY),
    "tagged model": lambda s: s.store.set_logged_model_tags(s.model, [LoggedModelTag("k", "v")]),
    "child run": lambda s: s.create(**{"mlflow.parentRunId": s.run}),
    "trace": trace,
    "new name": lambda s: s.store.update_run_info(s.run, RunStatus.RUNNING, None, "other"),
    "end and start": lambda s: s.store.update_run_info(
        s.run, RunStatus.RUNNING, 1_700_000_000_000, None
    ),
}
OTHERS: dict[str, Callable[[Subject], object]] = {
    "nothing": lambda s: None,
    "the same again": lambda s: s.store.set_tag(s.run, RunTag("size", "1")),
    "another run": lambda s: s.store.log_batch(
        s.create(), [Metric("loss", 1.0, 1, 1)], [Param("p", "1")], [RunTag("t", "1")]
    ),
    "another run's model": lambda s: s.store.create_logged_model(s.experiment, "other", s.create()),
    "a run named in another tag": lambda s: s.create(**{"parent": s.run}),
    "the experiment": lambda s: s.store.rename_experiment(s.experiment, "renamed"),
}


@pytest.mark.parametrize("what", LOGGING)
def test_whatever_is_logged_changes_the_fingerprint(subject: Subject, what: str) -> None:
    before = subject.facts().fingerprint
    LOGGING[what](subject)
    assert subject.facts().fingerprint != before


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_not_the_run_s_does_not(subject: Subject, what: str) -> None:
    before = subject.facts().fingerprint
    OTHERS[what](subject)
    assert subject.facts().fingerprint == before


def test_the_clock_does_not_change_it(subject: Subject) -> None:
    subject.store.log_metric(subject.run, Metric("ahead", 1, subject.world.now + 3_600_000, 1))
    before = subject.facts()
    subject.world.now += 7_200_000
    after = subject.facts()
    assert after.fingerprint == before.fingerprint
    assert (before.last_metric, after.last_metric) == (
        1_700_000_000_001,
        subject.world.now - 3_600_000,
    )


def test_the_facts_are_the_run_s(subject: Subject) -> None:
    facts = subject.facts()
    assert (facts.name, facts.experiment, facts.parent, facts.keep_running) == (
        "other",
        "renamed",
        None,
        False,
    )
    assert facts.first_metric == 1_600_000_000_000
    assert facts.last_related is not None
    models = subject.store.search_logged_models([subject.experiment])
    own = sorted(one.artifact_location for one in models if one.source_run_id == subject.run)
    assert facts.locations == (subject.store.get_run(subject.run).info.artifact_uri, *own)
    assert len(own) == 2
    child = subject.create(**{"mlflow.parentRunId": subject.run, "keep-running": "no"})
    subject.run = child
    assert (subject.facts().parent, subject.facts().keep_running) != (None, False)


def test_a_value_that_the_job_may_not_see_is_not_needed(subject: Subject) -> None:
    """Least privilege: no values of parameters and metrics, no contents of traces."""
    for query in (
        "SELECT value FROM params",
        "SELECT value FROM metrics",
        "SELECT content FROM spans",
        "SELECT value FROM trace_tags",
    ):
        with (
            subject.world.job() as (context, _),
            context.connection.cursor() as cursor,
            pytest.raises(Exception, match="permission denied"),
        ):
            cursor.execute(query)
