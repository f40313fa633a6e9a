"""Takes the ability to migrate away from the server process: MLflow's stores migrate whatever they find lacking."""

from typing import Any, NoReturn


def forbid_migration() -> None:
    import mlflow.store.db.utils as utils
    import mlflow.store.model_registry.sqlalchemy_store as registry

    for module, name in (
        (utils, "_initialize_tables"),
        (utils, "_upgrade_db"),
        (registry, "_initialize_tables"),
    ):
        if not hasattr(module, name):
            raise RuntimeError(
                f"{module.__name__}.{name} is gone: this MLflow migrates in another way, look how before starting it"
            )
        setattr(module, name, _refuse)


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise RuntimeError(
        "The database schema is not complete, and the server never migrates: run mlflow-instance-migrate"
    )
