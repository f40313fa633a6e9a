"""The tests of the stale-runs command share one kind of world, with the job's own rights."""

from collections.abc import Iterator

import pytest

from mlflow_instance.maintenance.privileges import STALE_RUNS
from tests.maintenance.world import World, make_world
from tests.support.postgres import Postgres
from tests.support.store import ObjectStore


@pytest.fixture
def world(postgres: Postgres, migrated_template: str, object_store: ObjectStore) -> Iterator[World]:
    world = make_world(postgres, migrated_template, object_store, STALE_RUNS)
    yield world
    world.rows.close()
