"""What retention removes: one item is one run, logged model, trace or experiment, with its rows and its objects."""

from dataclasses import asdict, dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Kept:
    kind: str
    id: str
    name: str | None
    experiment: int
    reason: str
    because: str | None = None
