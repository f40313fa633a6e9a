"""The tests of the orphans command share one kind of world, with the retention job's own rights."""

from collections.abc import Iterator

import pytest

from mlflow_instance.maintenance.privileges import RETENTION
from tests.maintenance.world import World, days, make_world
from tests.support.postgres import Postgres
from tests.support.store import ObjectStore


@pytest.fixture
def world(postgres: Postgres, migrated_template: str, object_store: ObjectStore) -> Iterator[World]:
    world = make_world(postgres, migrated_template, object_store, RETENTION)
    # Objects are put now and judged a day later.
    world.now += days(2)
    yield world
    world.rows.close()
