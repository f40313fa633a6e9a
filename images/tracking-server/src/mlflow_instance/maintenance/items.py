"""What retention removes: one item is one run, logged model, trace or experiment, with its rows and its objects."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from mlflow_instance.maintenance.report import ReportFolder

RUN, MODEL, TRACE, EXPERIMENT = "run", "loggedModel", "trace", "experiment"
# The order of removal: an experiment's row goes when nothing refers to it any more.
KINDS = (RUN, MODEL, TRACE, EXPERIMENT)
# As counted in a summary.
PLURAL = {RUN: "runs", MODEL: "loggedModels", TRACE: "traces", EXPERIMENT: "experiments"}


@dataclass(frozen=True, slots=True)
class Item:
    kind: str
    id: str
    name: str | None
    experiment: int
    # When it was deleted, UTC.
    deleted: str | None
    # Its own key prefixes in the bucket; a trace may have two (its files, its archive), an experiment none that can be swept.
    prefixes: list[str]

    def as_plan(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_plan(cls, line: dict[str, Any]) -> "Item":
        return cls(**line)


def planned_items(folder: ReportFolder) -> Iterator[list[Item]]:
    """The items of a plan, some of one kind at a time."""
    for part in folder.read_plan():
        for _, items in groupby(map(Item.from_plan, part), key=lambda item: item.kind):
            yield list(items)


@dataclass(frozen=True, slots=True)
class Kept:
    kind: str
    id: str
    name: str | None
    experiment: int
    reason: str
    because: str | None = None
