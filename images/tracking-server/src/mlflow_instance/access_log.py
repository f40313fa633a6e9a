"""One line for each request. Quoted, a path can't look like the status after it."""

import logging

from mlflow_instance.accounting import LIMITED, Account

_logger = logging.getLogger("mlflow_instance.access")


def log_access(account: Account) -> None:
    if account.refusal == LIMITED:
        return
    # The query is left out: filters and file names are the users' data.
    _logger.info(
        '"%s %s" %s token=%s%s route=%s from=%s in=%d out=%d %.0f ms',
        _quoted(account.method),
        _quoted(account.path),
        account.status or "-",
        account.caller or "-",
        f" refused={account.refusal}" if account.refusal else "",
        account.route,
        account.source or "-",
        account.received,
        account.sent,
        account.seconds * 1000,
    )


def _quoted(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii").replace('"', '\\"')
