"""Up to which moment things go, in milliseconds as MLflow's rows have them."""

from dataclasses import dataclass

# Later than any time that a row can have: what is named for a removal doesn't wait.
ANY_TIME = 2**63 - 1


@dataclass(frozen=True, slots=True)
class TraceAges:
    """Which traces go by their own age."""

    # Made at this moment or before.
    cutoff: int
    # A time after this one can't be true.
    now: int
    # Ids of those whose time can't be true and that were first seen long enough ago.
    sighted: frozenset[str] = frozenset()
    # A deleted experiment has its own grace, which its traces have with it.
    of_deleted: bool = False

    def values(self, ids: list[str] | None = None) -> dict[str, object]:
        """For `trace_times`. `ids`: those that the statement is about."""
        sighted = sorted(self.sighted if ids is None else self.sighted.intersection(ids))
        last = min(self.now, ANY_TIME // 10**6) * 10**6
        return {
            "traces": self.cutoff,
            "now": self.now,
            "last_span": last,
            "of_deleted": self.of_deleted,
            "sighted": sighted,
        }


NO_TRACES: dict[str, object] = {
    "traces": None,
    "now": 0,
    "last_span": 0,
    "of_deleted": False,
    "sighted": [],
}


@dataclass(frozen=True, slots=True)
class Cutoffs:
    # Deletions at this moment or before.
    deleted: int
    # None: traces of active experiments stay.
    traces: TraceAges | None = None

    def values(self, ids: list[str] | None = None) -> dict[str, object]:
        return {
            "cutoff": self.deleted,
            **(NO_TRACES if self.traces is None else self.traces.values(ids)),
        }
