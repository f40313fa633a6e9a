"""A page of one result whose next row is not loaded.

MLflow's stores read one row more than the page has, to know whether there is a next page, and load
everything that belongs to that row as well. Where one result fits the memory of an answer and two do
not, a row that nothing belongs to takes the place of the second one.
"""

from dataclasses import dataclass
from typing import Any

_PAGE = 1
# A key that no row has, by the type of the key.
_NOBODY: dict[type, Any] = {str: "", int: -1}

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Keys:
    """Where the primary key is among the columns of a result."""

    positions: tuple[int, ...]
    # Traces are searched without a look at the next one.
    looks_ahead: bool = True

    def named(self, row: Row) -> str:
        return ", ".join(str(row[position]) for position in self.positions)

    def stand_in(self, row: Row, long: tuple[int, ...]) -> Row | None:
        """A row like this one, with a key that no row has, and without its long texts."""
        values = list(row)
        for position in long:
            values[position] = None
        for position in self.positions:
            if type(row[position]) not in _NOBODY:
                return None
            values[position] = _NOBODY[type(row[position])]
        return tuple(values)


def keys_of_page(context: Any, parameters: Any) -> Keys | None:
    """For the statement of a page of one result; None for every other statement."""
    compiled = context.compiled
    limit = getattr(compiled.statement, "_limit_clause", None)
    name = compiled.bind_names.get(limit)
    if name is None or not isinstance(parameters, dict):
        return None
    if parameters.get(name) not in (_PAGE, _PAGE + 1):
        return None
    # Joined collections: several rows are one result.
    if getattr(compiled.compile_state, "multi_row_eager_loaders", False):
        return None
    positions = tuple(
        index
        for index, column in enumerate(compiled._result_columns)
        if any(getattr(one, "primary_key", False) for one in column.objects)
    )
    return Keys(positions, parameters[name] > _PAGE) if positions else None


def load_children_by_key(tracking: Any, registry: Any) -> None:
    """MLflow loads tags of experiments and models by the statement of the page, which has the next
    row in it; runs and logged models load theirs by key already."""
    from mlflow.store.model_registry.dbmodels.models import SqlModelVersion, SqlRegisteredModel
    from mlflow.store.tracking.dbmodels.models import SqlExperiment
    from sqlalchemy.orm import selectinload

    def set_loads(store: Any, method: str, *children: Any) -> None:
        if not callable(getattr(store, method)):
            raise RuntimeError(f"MLflow's {store.__name__} has no {method}")
        setattr(store, method, staticmethod(lambda: [selectinload(child) for child in children]))

    set_loads(tracking, "_get_eager_experiment_query_options", SqlExperiment.tags)
    set_loads(
        registry,
        "_get_eager_registered_model_query_options",
        SqlRegisteredModel.registered_model_tags,
        SqlRegisteredModel.registered_model_aliases,
    )
    set_loads(
        registry, "_get_eager_model_version_query_options", SqlModelVersion.model_version_tags
    )
