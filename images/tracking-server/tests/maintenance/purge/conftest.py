"""The tests of the purge command change nothing but rows."""

import pytest

from tests.maintenance.emptied import EmptiedWorld
from tests.maintenance.world import World


@pytest.fixture
def world(emptied_world: EmptiedWorld) -> World:
    return emptied_world.again()
