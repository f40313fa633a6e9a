"""Fills an instance with everything that retention has to tell apart; every function of the
`retention…` modules but `fill` is a case and runs beside the others.

Prints one JSON object: what was made, how old each deletion shall look, and what must
become of single items.
"""

import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

os.environ["MLFLOW_ENABLE_ASYNC_TRACE_LOGGING"] = "false"
# The cases run beside each other; within one, a few files one after the other.
os.environ["MLFLOW_ARTIFACT_UPLOAD_THREADS"] = "1"

from retentionAges import (
    active_experiment,
    busy,
    experiment_at_bound,
    many_small,
    more_old,
    old_experiment,
    recent_experiment,
    restored_run,
    unknown_time,
)
from retentionKept import kept_experiments, kept_parts, traces
from retentionLocations import ambiguous_locations, elsewhere, shared_locations
from retentionModels import (
    by_path,
    by_version,
    champion,
    logged_champion,
    logged_models,
    retired,
    runs_fallback,
)
from retentionShared import MODELS
from seedClient import Seed

CASES: list[Callable[[Seed], None]] = [
    busy,
    shared_locations,
    logged_models,
    active_experiment,
    old_experiment,
    champion,
    logged_champion,
    kept_experiments,
    recent_experiment,
    kept_parts,
    restored_run,
    traces,
    experiment_at_bound,
    by_path,
    by_version,
    runs_fallback,
    retired,
    many_small,
    ambiguous_locations,
    unknown_time,
    elsewhere,
    lambda seed: more_old(seed, "spring"),
    lambda seed: more_old(seed, "summer"),
    lambda seed: more_old(seed, "autumn"),
]


def main(threads: int) -> None:
    started = time.monotonic()
    seed = Seed()
    for name in MODELS:
        seed.client.create_registered_model(
            name, tags={"keep": "no tag that matters here"} if name == MODELS[4] else None
        )
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(case, seed) for case in CASES]:
            done.result()
    print(
        seed.manifest(
            seconds=round(time.monotonic() - started, 1), champion=f"models:/{MODELS[0]}@champion"
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
