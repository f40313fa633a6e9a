"""Gives every request its meter, and makes MLflow's stores keep to it."""

from mlflow_instance.answer_meter import metered
from mlflow_instance.asgi import App, Receive, Scope, Send
from mlflow_instance.bounded_rows import bound_rows
from mlflow_instance.pages import page_by_size


def bound_answers(limit: int) -> None:
    """Before the first engine is made."""
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking

    bound_rows(limit)
    page_by_size(Tracking, Registry)


class MeteredAnswers:
    def __init__(self, app: App, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with metered(self._limit):
            await self._app(scope, receive, send)
