"""Up to which moment things go, in milliseconds as MLflow's rows have them."""

from dataclasses import dataclass

# Later than any time that a row can have: what is named for a removal doesn't wait.
ANY_TIME = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Cutoffs:
    # What was deleted at this moment or before.
    deleted: int
    # Traces of active experiments, by their own time. None: they stay.
    traces: int | None = None
