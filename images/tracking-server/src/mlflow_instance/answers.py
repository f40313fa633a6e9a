"""Gives every request its meter, and makes MLflow's stores keep to it."""

from mlflow_instance.answer_meter import Meter, Reserve, metered
from mlflow_instance.asgi import App, Message, Receive, Scope, Send
from mlflow_instance.bounded_rows import bound_rows
from mlflow_instance.next_row import load_children_by_key
from mlflow_instance.pages import page_by_size
from mlflow_instance.roles import Role
from mlflow_instance.turns import NEEDED_KEY


def bound_answers(limit: int) -> None:
    """Before the first engine is made."""
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking

    bound_rows(limit)
    load_children_by_key(Tracking, Registry)
    page_by_size(Tracking, Registry)


class MeteredAnswers:
    def __init__(self, app: App, limit: int, turns: int) -> None:
        self._app = app
        # Half of what each turn could have is its own; the other halves are for whichever needs
        # more, so that one large run or
        # one long history still fits when it is alone.
        self._own = limit // 2
        self._reserve = Reserve(limit // 2 * turns)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        writes = scope.get(NEEDED_KEY, Role.READ) is not Role.READ
        meter = Meter(self._own, self._reserve, forgets=writes)

        async def send_and_close(message: Message) -> None:
            # The answer is made, and counts as one that waits for its reader from now on.
            meter.close()
            await send(message)

        with metered(meter):
            await self._app(scope, receive, send_and_close)
