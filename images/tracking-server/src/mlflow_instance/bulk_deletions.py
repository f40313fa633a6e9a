"""Deletes what belongs to a thing by statements.

MLflow loads it first, row by row: an experiment of 20,000 runs, a dataset of 50,000 records or a
model of 20,000 versions did not fit into the memory of a request, and could never be deleted.
"""

import re
from typing import Any

from mlflow.entities import LifecycleStage, ViewType
from sqlalchemy import func, select
from sqlalchemy.orm import RelationshipProperty, configure_mappers


def delete_without_loading() -> None:
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking

    _leave_to_the_database()
    Tracking.delete_experiment = _delete_experiment
    Tracking.restore_experiment = _restore_experiment
    Registry.delete_registered_model = _delete_registered_model


def _leave_to_the_database() -> None:
    """Where a foreign key deletes the rows that point to a row, SQLAlchemy need not know them."""
    from mlflow.store.db.base_sql_model import Base

    configure_mappers()
    for mapper in Base.registry.mappers:
        for relationship in mapper.relationships:
            if relationship.cascade.delete and _is_deleted_by_its_key(relationship):
                relationship.passive_deletes = True
                # Made with the mapper, with copies of what is set here.
                made = relationship._dependency_processor
                made.__init__(relationship)


def _is_deleted_by_its_key(relationship: RelationshipProperty[Any]) -> bool:
    return any(
        key.ondelete == "CASCADE" and key.referred_table is relationship.parent.local_table
        for key in relationship.target.foreign_key_constraints
    )


def _delete_experiment(self: Any, experiment_id: str) -> None:
    from mlflow.store.tracking.dbmodels.models import SqlAssessments, SqlRun
    from mlflow.tracing.constant import AssessmentMetadataKey
    from mlflow.utils.time import get_current_time_millis

    # Assessments name the run that they come from in a text of JSON.
    source = f'"{re.escape(AssessmentMetadataKey.SOURCE_RUN_ID)}": "([^"]*)"'
    with self.ManagedSessionMaker(read_only=False) as session:
        experiment = self._get_experiment(session, experiment_id, ViewType.ACTIVE_ONLY)
        now = get_current_time_millis()
        experiment.lifecycle_stage = LifecycleStage.DELETED
        experiment.last_update_time = now
        of_runs = select(SqlRun.run_uuid).where(SqlRun.experiment_id == experiment.experiment_id)
        of_assessments = func.substring(SqlAssessments.assessment_metadata, source).in_(of_runs)
        self._enqueue_assessment_rebuilds_for_filter(session, of_assessments)
        session.query(SqlAssessments).filter(of_assessments).delete(synchronize_session=False)
        _mark_runs(session, experiment, LifecycleStage.DELETED, now)


def _restore_experiment(self: Any, experiment_id: str) -> None:
    from mlflow.utils.time import get_current_time_millis

    with self.ManagedSessionMaker(read_only=False) as session:
        experiment = self._get_experiment(session, experiment_id, ViewType.DELETED_ONLY)
        experiment.lifecycle_stage = LifecycleStage.ACTIVE
        experiment.last_update_time = get_current_time_millis()
        _mark_runs(session, experiment, LifecycleStage.ACTIVE, None)


def _mark_runs(session: Any, experiment: Any, stage: str, deleted: int | None) -> None:
    from mlflow.store.tracking.dbmodels.models import SqlRun

    runs = session.query(SqlRun).filter(SqlRun.experiment_id == experiment.experiment_id)
    runs.update(
        {SqlRun.lifecycle_stage: stage, SqlRun.deleted_time: deleted}, synchronize_session=False
    )


def _delete_registered_model(self: Any, name: str) -> None:
    from mlflow.store.model_registry.dbmodels import models

    with self.ManagedSessionMaker(read_only=False) as session:
        model = self._get_registered_model(session, name)
        for owned in (
            models.SqlModelVersionTag,
            models.SqlModelVersion,
            models.SqlRegisteredModelTag,
        ):
            rows = session.query(owned).filter(
                owned.workspace == model.workspace, owned.name == model.name
            )
            rows.delete(synchronize_session=False)
        session.delete(model)
