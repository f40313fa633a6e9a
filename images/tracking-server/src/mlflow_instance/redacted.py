"""Addresses in the log without what opens a door: a webhook's address often ends in its key, and
MLflow and urllib3 log the whole address when it can't be reached.
"""

import re

# MLflow's delivery of webhooks, and what it calls.
_OF_ADDRESSES = ("mlflow.webhooks", "urllib3", "requests")
_USER = re.compile(r"(?<=://)[^\s/@'\"]*@")
_PATH = re.compile(r"(\bhttps?://[^\s/?#'\"]+)[/?#][^\s'\"]*")
# Of urllib3: "Max retries exceeded with url: /path", and "… broken by '…': /path".
_ALONE = re.compile(r"(\bwith url: |': )[/?][^\s'\"]*")


def redacted(logger: str, text: str) -> str:
    text = _USER.sub("", text)
    if not logger.startswith(_OF_ADDRESSES):
        return text
    return _ALONE.sub(r"\1/…", _PATH.sub(r"\1/…", text))
