"""Finds and deletes the objects of many items with few calls: 10,000 runs with five objects each are 50 listings, not 10,000."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from mlflow_instance.maintenance.bucket import KEYS_PER_CALL, Bucket, Object
from mlflow_instance.maintenance.items import EXPERIMENT, Item
from mlflow_instance.maintenance.locations import is_at_or_under
from mlflow_instance.maintenance.protection import Protection

_THREADS = 4
# Ids of one length sort the same as their keys, whatever order a store walks folders in.
_ID = re.compile(r"[0-9a-z-]+")


@dataclass
class Tally:
    """What an item's prefixes hold, or what of it was deleted."""

    objects: int = 0
    bytes: int = 0
    # Of the keys that stayed: how many, and why the first did.
    failed: int = 0
    message: str | None = None

    def add(self, size: int) -> None:
        self.objects += 1
        self.bytes += size


@dataclass(frozen=True)
class _Folder:
    """A prefix that belongs to an item, with the folders inside it that belong to other experiments."""

    item: Item
    prefix: str
    others: list[str] = field(default_factory=list)

    def holds(self, key: str) -> bool:
        return key.startswith(self.prefix + "/") and not any(
            is_at_or_under(key, other) for other in self.others
        )


def measure_objects(
    bucket: Bucket, items: Sequence[Item], protection: Protection
) -> dict[str, Tally]:
    return _each(bucket, items, protection, delete=False)


def delete_objects(
    bucket: Bucket, items: Sequence[Item], protection: Protection
) -> dict[str, Tally]:
    """Deletes everything under the items' prefixes; by item id what went and what failed."""
    return _each(bucket, items, protection, delete=True)


def _each(
    bucket: Bucket, items: Sequence[Item], protection: Protection, *, delete: bool
) -> dict[str, Tally]:
    folders = [folder for item in items for folder in _folders(item, protection)]
    folders.sort(key=lambda folder: folder.prefix)
    tallies: dict[str, Tally] = {item.id: Tally() for item in items}
    size = max(1, -(-len(folders) // _THREADS))
    shares = [folders[start : start + size] for start in range(0, len(folders), size)]
    if len(shares) == 1:
        found = [_share(bucket, shares[0], protection, delete)]
    else:
        with ThreadPoolExecutor(_THREADS) as pool:
            found = list(pool.map(lambda share: _share(bucket, share, protection, delete), shares))
    for part in found:
        for item_id, tally in part.items():
            whole = tallies[item_id]
            whole.objects += tally.objects
            whole.bytes += tally.bytes
            whole.failed += tally.failed
            whole.message = whole.message or tally.message
    return tallies


def _folders(item: Item, protection: Protection) -> list[_Folder]:
    if item.kind != EXPERIMENT:
        return [
            _Folder(item, prefix, protection.experiments_under(prefix, item.experiment))
            for prefix in item.prefixes
        ]
    # What is left of an experiment goes only where nobody else has anything.
    return [
        _Folder(item, prefix)
        for prefix in item.prefixes
        if protection.is_alone(prefix, item.experiment)
    ]


def _share(
    bucket: Bucket, folders: Sequence[_Folder], protection: Protection, delete: bool
) -> dict[str, Tally]:
    tallies: dict[str, Tally] = defaultdict(Tally)
    waiting: list[tuple[Item, Object]] = []

    def flush() -> None:
        # Whatever led here: what is in the place of a row that is still there is not the item's.
        spared = protection.spared([(item, found.key) for item, found in waiting])
        going = [(item.id, found) for item, found in waiting if found.key not in spared]
        failures = (
            {
                failure.key: failure.message
                for failure in bucket.delete([found.key for _, found in going])
            }
            if delete and going
            else {}
        )
        for item_id, found in going:
            if found.key in failures:
                tallies[item_id].failed += 1
                tallies[item_id].message = (
                    tallies[item_id].message or f"{found.key}: {failures[found.key]}"
                )
            else:
                tallies[item_id].add(found.size)
        waiting.clear()

    for folder, found in _find(bucket, folders):
        waiting.append((folder.item, found))
        if len(waiting) == KEYS_PER_CALL:
            flush()
    if waiting:
        flush()
    return dict(tallies)


def _find(bucket: Bucket, folders: Sequence[_Folder]) -> Iterator[tuple[_Folder, Object]]:
    groups: dict[tuple[str, str, int], list[_Folder]] = defaultdict(list)
    for folder in folders:
        groups[_group(folder)].append(folder)
    for (parent, _, _), group in groups.items():
        yield from _find_in_parent(bucket, parent, group)


def _group(folder: _Folder) -> tuple[str, str, int]:
    """Folders that one listing of their common parent covers: `<parent>/<id of one length>/artifacts`."""
    head, separator, tail = folder.prefix.partition(f"/{folder.item.id}")
    if separator and (not tail or tail.startswith("/")) and _ID.fullmatch(folder.item.id):
        return head, tail, len(folder.item.id)
    return folder.prefix, "", 0


def _find_in_parent(
    bucket: Bucket, parent: str, folders: Sequence[_Folder]
) -> Iterator[tuple[_Folder, Object]]:
    """Lists the parent from the first folder to the last, jumping over what lies between; alone ones are listed alone."""
    position, start_after = 0, ""
    by_id = {folder.item.id: index for index, folder in enumerate(folders)}
    prefixes = [folder.prefix for folder in folders]
    while len(folders) > 1:
        start_after = start_after or prefixes[position]
        page, more = bucket.page(parent + "/", start_after)
        hits = 0
        for found in page:
            index = by_id.get(_folder_name(found.key, parent))
            if index is not None and folders[index].holds(found.key):
                hits += 1
                yield folders[index], found
        if not more:
            return
        start_after = page[-1].key
        inside = by_id.get(_folder_name(start_after, parent))
        if inside is not None:
            position = inside
        else:
            position, start_after = bisect_right(prefixes, start_after), ""
        if position == len(folders):
            return
        if hits * 20 < len(page):
            # Few among many others: to ask for each is cheaper.
            break
    for folder in folders[position:]:
        for found in bucket.objects(folder.prefix + "/", start_after):
            if folder.holds(found.key):
                yield folder, found
        start_after = ""


def _folder_name(key: str, parent: str) -> str:
    return key[len(parent) + 1 :].partition("/")[0]
