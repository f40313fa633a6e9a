"""A name that a deleted experiment has: the client is told so, and how the platform team frees the
name, instead of "already exists".
"""

import functools
from typing import Any

from mlflow.entities import LifecycleStage
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode


def tell_of_deleted_namesakes() -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    create, rename = SqlAlchemyStore.create_experiment, SqlAlchemyStore.rename_experiment

    @functools.wraps(create)
    def create_experiment(self: Any, name: str, *arguments: Any, **named: Any) -> Any:
        try:
            return create(self, name, *arguments, **named)
        except MlflowException as error:
            raise _explained(self, name, error) or error from None

    @functools.wraps(rename)
    def rename_experiment(self: Any, experiment_id: Any, new_name: str) -> Any:
        try:
            return rename(self, experiment_id, new_name)
        except MlflowException as error:
            raise _explained(self, new_name, error) or error from None

    SqlAlchemyStore.create_experiment = create_experiment
    SqlAlchemyStore.rename_experiment = rename_experiment


def _explained(store: Any, name: str, error: MlflowException) -> MlflowException | None:
    if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
        return None
    found = store.get_experiment_by_name(name)
    if found is None or found.lifecycle_stage != LifecycleStage.DELETED:
        return None
    # By its id: a name in a command line would be somebody's to choose.
    number, where = found.experiment_id, "<stack> <instance>"
    return MlflowException(
        f"Experiment {name!r} already exists in deleted state (id {number}). "
        "Use another name, or ask the platform team: "
        f"`npx mlflow-instances restore-deleted {where} {number}` takes it back, "
        f"`npx mlflow-instances purge {where} experiment {number}` removes it for good "
        "and frees the name.",
        RESOURCE_ALREADY_EXISTS,
    )
