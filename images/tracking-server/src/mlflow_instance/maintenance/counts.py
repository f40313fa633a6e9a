"""What a removal has done, or would do, as summary and report.json count it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mlflow_instance.maintenance.items import PLURAL, Item, Kept
from mlflow_instance.maintenance.objects import Tally


@dataclass
class Counts:
    removed: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    finished: Counter[str] = field(default_factory=Counter)
    swept: dict[str, dict[str, int]] = field(default_factory=dict)
    # Planned, but restored, tagged or registered before its turn came.
    changed: int = 0
    failed: int = 0

    def finish(self, tally: Tally) -> None:
        self.finished["items"] += 1
        self.finished["objects"] += tally.objects
        self.finished["bytes"] += tally.bytes

    def as_fields(self) -> dict[str, Any]:
        removed = {name: self.removed[name] for name in (*PLURAL.values(), "objects", "bytes")}
        finished = {name: self.finished[name] for name in ("plans", "items", "objects", "bytes")}
        return {
            "removed": removed,
            "kept": dict(sorted(self.kept.items())),
            "finished": finished,
            "swept": self.swept,
            "changed": self.changed,
            "failed": self.failed,
        }


def counted(selected: Iterable[Item | Kept], counts: Counts) -> Iterator[Item]:
    """What goes; what stays is counted by its reason."""
    for found in selected:
        if isinstance(found, Kept):
            counts.kept[found.reason] += 1
        else:
            yield found
