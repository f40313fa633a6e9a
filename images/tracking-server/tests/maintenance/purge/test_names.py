"""A thing is found by its whole id or name and goes only when its name is typed."""

from itertools import cycle

import pytest

from mlflow_instance.maintenance import purge
from mlflow_instance.maintenance.items import EXPERIMENT, MODEL, RUN, TRACE
from mlflow_instance.maintenance.named import Named
from mlflow_instance.maintenance.purge import Request
from tests.maintenance.deleted import deleted_experiment, deleted_run, logged_model, trace
from tests.maintenance.purge.calls import clean, refused, remove, state
from tests.maintenance.world import World

HOSTILE = [
    "%",
    "_",
    "north%",
    "nort",
    "north depo_",
    "..",
    "../1",
    "' OR '1'='1",
    "1; DROP TABLE runs",
    "1 ",
    "01x",
    "*",
    "\udcff",
    "a\0b",
    "9" * 40,
]


def test_nothing_is_found_by_a_part_a_pattern_or_as_another_kind(world: World) -> None:
    gone = deleted_experiment(world, "north depot")
    run = deleted_run(world, gone)
    logged_model(world, gone, 40), trace(world, gone)
    kinds = cycle((EXPERIMENT, RUN, MODEL, TRACE, EXPERIMENT))
    everywhere = [(next(kinds), wanted) for wanted in HOSTILE]
    before = state(world)
    for kind, wanted in [
        *everywhere,
        (RUN, run[:31]),
        (MODEL, run),
        (TRACE, run),
        (RUN, str(gone)),
    ]:
        outcome = remove(world, kind, wanted, wanted)
        assert outcome.code == 2 and "has the id or name" in outcome.events[-1]["message"], (
            kind,
            wanted,
        )
    assert state(world) == before


def test_a_name_of_two_is_refused_with_the_ids_and_an_id_comes_before_a_name(world: World) -> None:
    experiment = world.experiment("active")
    run, other = deleted_run(world, experiment), world.run(experiment)
    world.sql("UPDATE runs SET name = 'same'")
    message = refused(world, RUN, "same")
    assert run in message and other in message and "give the id" in message
    namesake = deleted_experiment(world, str(experiment))
    assert "is not deleted" in refused(world, EXPERIMENT, str(experiment), "active")
    clean(world, EXPERIMENT, str(namesake), str(experiment))
    clean(world, RUN, run, "same")


def test_a_name_typed_wrong_removes_nothing(world: World) -> None:
    gone = deleted_experiment(world)
    before = state(world)
    for typed in ("", "y", "yes", "Gone", "gone ", str(gone), "unit"):
        outcome = remove(world, EXPERIMENT, "gone", typed)
        assert outcome.code == 2 and "was typed, and not 'gone'" in outcome.events[-1]["message"]
    assert state(world) == before and world.keys("maintenance/") == []


def test_a_name_that_nobody_can_type_is_replaced_by_the_id() -> None:
    for name in (None, "", " ", " x", "a\nb", "a\x1b[2J", "\u202ex", "a\u00a0b", "x" * 101):
        assert Named(EXPERIMENT, "7", name, True, 7).typed == "7"
    assert Named(EXPERIMENT, "7", "Depot Süd 北", True, 7).typed == "Depot Süd 北"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required: kind, what"),
        (["run"], "required: what"),
        (["registered-model", "x", "--dry-run"], "invalid choice"),
        (["run", " ", "--dry-run"], "expected an id or a name"),
        (["run", "x"], "either --dry-run or --confirm"),
        (["run", "x", "--dry-run", "--confirm=x"], "either --dry-run or --confirm"),
        (["run", "x", "y", "--dry-run"], "unrecognized arguments"),
        (["run", "x", "--dry"], "unrecognized arguments"),
    ],
)
def test_wrong_arguments_touch_nothing(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        purge.parse(arguments)
    assert ended.value.code == 2 and words in capsys.readouterr().err


def test_names_that_look_like_options_are_names() -> None:
    request, dry_run = purge.parse(
        ["--confirm=--dry-run", "--requested-by=-x", "--", "logged-model", "--dry-run"]
    )
    assert (request, dry_run) == (Request(MODEL, "--dry-run", "--dry-run", "-x"), False)
