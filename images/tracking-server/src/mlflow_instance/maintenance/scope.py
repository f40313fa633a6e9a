"""What a selection looks at: all that is deleted, or one thing that somebody named."""

from dataclasses import dataclass

from mlflow_instance.maintenance.items import EXPERIMENT, KINDS


@dataclass(frozen=True, slots=True)
class Scope:
    kind: str | None = None
    id: str | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """An experiment goes with what is in it."""
        return KINDS if self.kind in (None, EXPERIMENT) else (str(self.kind),)

    @property
    def experiment(self) -> int | None:
        return int(str(self.id)) if self.kind == EXPERIMENT else None

    @property
    def item(self) -> str | None:
        return None if self.kind == EXPERIMENT else self.id


EVERYTHING = Scope()
