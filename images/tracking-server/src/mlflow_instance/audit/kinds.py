"""Which requests have a row of their own, which are counted, and which have none."""

import re

from mlflow_instance.accounting import Account
from mlflow_instance.audit.row import Action
from mlflow_instance.fence import as_listed
from mlflow_instance.route_classes import RouteClass

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_READS = frozenset(
    {RouteClass.READ, RouteClass.SEARCH, RouteClass.ARTIFACT_DOWNLOAD, RouteClass.UI}
)
_APPENDS = frozenset({RouteClass.LOG, RouteClass.TRACE})
_REMOVES = re.compile(r"/(?:delete|remove)[^/]*")


def action_of(account: Account) -> Action | None:
    """None: it changes nothing."""
    method, path = as_listed(account.method, account.path)
    if method in _READING or account.route in _READS:
        return None
    if account.route is RouteClass.ARTIFACT_UPLOAD:
        return Action.CHANGE
    # Also of a tag or an alias: what is gone can't be seen in the thing that had it.
    last = path.rfind("/")
    if method == "DELETE" or (last >= 0 and _REMOVES.fullmatch(path, last)):
        return Action.DELETION
    return Action.APPEND if account.route in _APPENDS else Action.CHANGE
