"""What the cases of retention fill experiments with, and the registered models that they share."""

import os

from seedClient import MODEL_FOLDER, ODD_FOLDER, Seed

MODELS = [
    "claims champion",
    "claims logged",
    "claims by path",
    "claims nested",
    "claims retired",
    "claims Größe",
    "claims by version",
    "claims legacy",
    "claims shared",
    "claims fallback",
]


def fill(seed: Seed, experiment: str, count: int) -> list[str]:
    """Ordinary runs: a parent with children, some with a dataset, each third with odd files."""
    runs: list[str] = []
    for index in range(count):
        runs.append(
            seed.run(
                experiment,
                f"run {index}",
                parent=runs[0] if index % 4 in (1, 2) else None,
                dataset=f"table-{index % 3}" if index % 2 == 0 else None,
                folder=ODD_FOLDER
                if index == 1
                else None
                if index % 3 == 0
                else os.path.join(MODEL_FOLDER, "data"),
            )
        )
    return runs
