"""Removes planned items: a batch's rows in one transaction, then its objects; a batch that fails is tried item by item."""

import logging
from collections import Counter
from collections.abc import Sequence

import psycopg2

from mlflow_instance.maintenance.command import Context
from mlflow_instance.maintenance.cutoffs import Cutoffs
from mlflow_instance.maintenance.items import PLURAL, Item
from mlflow_instance.maintenance.objects import Tally, delete_objects
from mlflow_instance.maintenance.protection import Protection
from mlflow_instance.maintenance.report import ReportFolder
from mlflow_instance.maintenance.rows import delete_rows, elsewhere, without_rows

_logger = logging.getLogger(__name__)

# Rows of so many items go in one transaction: short enough for nobody to wait for it.
_ITEMS_PER_TRANSACTION = 200
# A report names the first failures; all of them are counted.
_FAILURES_NAMED = 1000


class Removal:
    def __init__(self, context: Context, protection: Protection, cutoffs: Cutoffs) -> None:
        self._context = context
        self._protection = protection
        self._cutoffs = cutoffs
        self._leftovers: list[Item] = []
        self.removed: Counter[str] = Counter()
        self.changed = 0
        self.failed = 0
        self.failures: list[dict[str, str]] = []

    def remove(self, items: Sequence[Item]) -> None:
        """Items of one kind."""
        gone: list[Item] = []
        for start in range(0, len(items), _ITEMS_PER_TRANSACTION):
            gone += self._rows_of(items[start : start + _ITEMS_PER_TRANSACTION])
        for item in gone:
            self.removed[PLURAL[item.kind]] += 1
        for tally in self._objects_of(gone, leave=True).values():
            self.removed["objects"] += tally.objects
            self.removed["bytes"] += tally.bytes

    def finish(self, items: Sequence[Item]) -> dict[str, Tally]:
        """Of items that an earlier run planned: deletes the objects of those whose rows are gone."""
        gone = without_rows(self._context.connection, items)
        moved = elsewhere(self._context.connection, self._context.settings.store, gone)
        for item in moved:
            self._fail(
                item,
                f"the plan names {item.location}, which is not its experiment's location; skipped",
            )
        return self._objects_of([item for item in gone if item not in moved], leave=False)

    def stayed(self, kind: str, item_id: str, message: str) -> None:
        self._tell(kind, item_id, message)

    def skip(self, key: str, message: str) -> None:
        """Part of a plan that no run of ours wrote as it is: told, and nothing of it is done."""
        self._tell("plan", key, f"{message}; skipped")

    def write_leftovers(self) -> str | None:
        """A plan for the next run, of items whose rows went and whose objects didn't. Its folder, or None."""
        if not self._leftovers:
            return None
        folder = ReportFolder.new(
            self._context.bucket, self._context.command, self._context.started
        )
        folder.write_plan(item.as_plan() for item in self._leftovers)
        return folder.path

    def _rows_of(self, items: Sequence[Item]) -> list[Item]:
        connection = self._context.connection
        try:
            gone = delete_rows(connection, items, self._cutoffs, self._registered)
        except psycopg2.Error as error:
            if connection.closed:
                raise
            connection.rollback()
            if len(items) > 1:
                _logger.warning(
                    "%d items can't be removed together, trying each: %s", len(items), _line(error)
                )
                return [item for alone in items for item in self._rows_of([alone])]
            self._fail(items[0], _line(error))
            return []
        self.changed += len(items) - len(gone)
        return gone

    def _registered(self, items: Sequence[Item]) -> set[str]:
        self._protection.refresh()
        return self._protection.needed(items)

    def _objects_of(self, gone: Sequence[Item], *, leave: bool) -> dict[str, Tally]:
        if not gone:
            return {}
        # Somebody may have registered a path in the moment of the commit: then the objects stay.
        registered = self._registered(gone)
        self._context.connection.rollback()
        free = [item for item in gone if item.id not in registered]
        tallies = delete_objects(self._context.bucket, free, self._protection) if free else {}
        for item in free:
            tally = tallies[item.id]
            if tally.failed:
                self._fail(item, f"{tally.failed} objects stayed: {tally.message}")
                if leave:
                    self._leftovers.append(item)
        return tallies

    def _fail(self, item: Item, message: str) -> None:
        self._tell(item.kind, item.id, message)

    def _tell(self, kind: str, item_id: str, message: str) -> None:
        self.failed += 1
        if len(self.failures) < _FAILURES_NAMED:
            self.failures.append({"kind": kind, "id": item_id, "message": message})
            self._context.events.always("fail", kind=kind, id=item_id, message=message)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
