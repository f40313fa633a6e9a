"""A model with its latest version of each stage, read as these and not as all versions: MLflow
loads every one, so that a model of some 20,000 fitted into no answer.
"""

import functools
from typing import Any

from sqlalchemy.orm import object_session


def read_latest_versions_only() -> None:
    from mlflow.entities.model_registry.model_version_stages import STAGE_DELETED_INTERNAL
    from mlflow.store.model_registry.dbmodels.models import SqlModelVersion, SqlRegisteredModel

    plain = SqlRegisteredModel.to_mlflow_entity

    @functools.wraps(plain)
    def to_mlflow_entity(self: Any, preloaded_latest_versions: Any = None) -> Any:
        session = object_session(self)
        if preloaded_latest_versions is None and session is not None:
            preloaded_latest_versions = (
                session.query(SqlModelVersion)
                .filter(
                    SqlModelVersion.workspace == self.workspace,
                    SqlModelVersion.name == self.name,
                    SqlModelVersion.current_stage != STAGE_DELETED_INTERNAL,
                )
                # PostgreSQL's DISTINCT ON: the first of each stage.
                .distinct(SqlModelVersion.current_stage)
                .order_by(SqlModelVersion.current_stage, SqlModelVersion.version.desc())
                .all()
            )
        return plain(self, preloaded_latest_versions)

    SqlRegisteredModel.to_mlflow_entity = to_mlflow_entity
