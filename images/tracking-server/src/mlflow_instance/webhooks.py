"""Secrets of webhooks that were stored with a key that is gone.

MLflow makes a key in every process that is given none, and one row that it can't decrypt then makes every list of webhooks, and the
deletion of any, an error for ever.
"""

import logging
from typing import Any

_logger = logging.getLogger(__name__)


def read_lost_secrets_as_none() -> None:
    from cryptography.fernet import InvalidToken
    from mlflow.store.model_registry.dbmodels.models import EncryptedString

    original = EncryptedString.process_result_value

    def process_result_value(self: Any, value: Any, dialect: Any) -> Any:
        try:
            return original(self, value, dialect)
        except InvalidToken:
            _logger.warning("the secret of a webhook was stored with another key: set it anew")
            return None

    EncryptedString.process_result_value = process_result_value
