"""What retention removes: one item is one run, logged model, trace or experiment, with its rows and its objects."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from mlflow_instance.maintenance.locations import ArtifactStore
from mlflow_instance.maintenance.report import ReportFolder

RUN, MODEL, TRACE, EXPERIMENT = "run", "loggedModel", "trace", "experiment"
# The order of removal: an experiment's row goes when nothing refers to it any more.
KINDS = (RUN, MODEL, TRACE, EXPERIMENT)
# As counted in a summary.
PLURAL = {RUN: "runs", MODEL: "loggedModels", TRACE: "traces", EXPERIMENT: "experiments"}
# MLflow looks for it at each start and makes it anew, which fails when another experiment has taken
# its name.
DEFAULT_EXPERIMENT = 0

_FOLDERS_OF_MLFLOW = ("artifacts", "models", "traces")
_LONGEST_ID = 250
_LONGEST_NAME = 5000
_LONGEST_LINE = 64 * 1024
_LARGEST_EXPERIMENT = 2**31 - 1
_TIME = re.compile(r"[0-9TZ:-]{1,32}")


def own_place(kind: str, item_id: str, location: str | None) -> str | None:
    """The key prefix that an item owns, from its experiment's location and its id alone: where MLflow puts it, and nothing else.

    What a row says of itself is never followed: a trace's id and tags, and an experiment's location, are anybody's to write.
    """
    if location is None:
        return None
    if kind == EXPERIMENT:
        return location
    if not is_folder_name(item_id):
        return None
    return {
        RUN: f"{location}/{item_id}/artifacts",
        MODEL: f"{location}/models/{item_id}/artifacts",
        TRACE: f"{location}/traces/{item_id}",
    }[kind]


def is_folder_name(item_id: str) -> bool:
    return (
        0 < len(item_id) <= _LONGEST_ID
        and item_id not in (".", "..", *_FOLDERS_OF_MLFLOW)
        and not any(character in "/\\%?#" or ord(character) < 32 for character in item_id)
    )


def experiment_id(text: str) -> int | None:
    """The id that somebody typed, where it is one that an experiment can have."""
    number = int(text) if re.fullmatch("[0-9]{1,10}", text) else None
    return None if number is None or number > _LARGEST_EXPERIMENT else number


@dataclass(frozen=True, slots=True)
class Item:
    kind: str
    id: str
    name: str | None
    experiment: int
    # When it was deleted, UTC.
    deleted: str | None
    # Key prefix of its experiment; None for what has no objects in this bucket.
    location: str | None
    # Of a trace that goes by its age: when it was made. For people; no plan has it.
    made: str | None = None

    @property
    def prefixes(self) -> list[str]:
        place = own_place(self.kind, self.id, self.location)
        return [] if place is None else [place]

    def as_plan(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _FIELDS}

    @classmethod
    def from_plan(cls, line: object, store: ArtifactStore) -> "Item":
        """Believes nothing: the line may be anybody's. What it names is looked up in the database before anything is removed."""
        if not isinstance(line, dict):
            raise PlanError("not an object")
        fields = dict(line)
        if "prefixes" in fields and "location" not in fields:
            fields["location"] = _location_of(fields)
            del fields["prefixes"]
        if set(fields) != set(_FIELDS):
            raise PlanError("other fields than a plan has")
        item = cls(**fields)
        if item.kind not in KINDS or not isinstance(item.id, str) or not is_folder_name(item.id):
            raise PlanError("no kind or id of an item")
        if type(item.experiment) is not int or not 0 <= item.experiment <= _LARGEST_EXPERIMENT:
            raise PlanError("experiment is not an id")
        if item.kind == EXPERIMENT and item.id != str(item.experiment):
            raise PlanError("an experiment in another one")
        if not (
            item.name is None or (isinstance(item.name, str) and len(item.name) <= _LONGEST_NAME)
        ):
            raise PlanError("name is not a name")
        if not (
            item.deleted is None
            or (isinstance(item.deleted, str) and _TIME.fullmatch(item.deleted))
        ):
            raise PlanError("deleted is not a time")
        if item.location is not None and (
            not isinstance(item.location, str)
            or store.own_prefix(f"s3://{store.bucket}/{item.location}") != item.location
        ):
            raise PlanError("location is not a folder of artifacts")
        return item


_FIELDS = ("kind", "id", "name", "experiment", "deleted", "location")


class PlanError(ValueError):
    """A line of a plan that no run of ours wrote."""


def _location_of(fields: dict[str, Any]) -> str | None:
    """Of a plan as images before this one wrote it: its prefix must be the item's own place."""
    kind, item_id, prefixes = fields.get("kind"), fields.get("id"), fields.get("prefixes")
    if (
        not isinstance(prefixes, list)
        or len(prefixes) > 1
        or not isinstance(item_id, str)
        or kind not in KINDS
    ):
        raise PlanError("prefixes are not those of an item")
    if not prefixes:
        return None
    tails = {
        RUN: f"/{item_id}/artifacts",
        MODEL: f"/models/{item_id}/artifacts",
        TRACE: f"/traces/{item_id}/artifacts",
        EXPERIMENT: "",
    }
    if not isinstance(prefixes[0], str) or not prefixes[0].endswith(tails[kind]):
        raise PlanError("a prefix that is not the item's own")
    return prefixes[0].removesuffix(tails[kind]) or None


Broken = Callable[[str, str], None]


def planned_items(
    folder: ReportFolder, store: ArtifactStore, broken: Broken
) -> Iterator[list[Item]]:
    """The items of a plan, some of one kind at a time. What can't be read is told with the part's name, and skipped."""
    for key, lines in folder.read_plan(broken):
        items = []
        for line in lines:
            try:
                if len(line) > _LONGEST_LINE:
                    raise PlanError("too long")
                items.append(Item.from_plan(json.loads(line), store))
            except (ValueError, TypeError, RecursionError) as error:
                broken(
                    key,
                    str(error)
                    if isinstance(error, PlanError)
                    else f"not readable ({type(error).__name__})",
                )
        for _, group in groupby(items, key=lambda item: item.kind):
            yield list(group)


@dataclass(frozen=True, slots=True)
class Kept:
    kind: str
    id: str
    name: str | None
    experiment: int
    reason: str
    because: str | None = None

    def as_event(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _FIELDS_OF_KEPT} | {
            "experiment": str(self.experiment)
        }


_FIELDS_OF_KEPT = ("kind", "id", "name", "experiment", "reason", "because")
