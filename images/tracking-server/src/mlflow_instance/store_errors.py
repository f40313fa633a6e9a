"""What a client is told when the object store refuses a request or does not answer, and with which code.

MLflow's client repeats 408, 429, 500, 502, 503 and 504 for minutes. What the store refuses because of the request itself is
therefore never one of them, and what another attempt may get is a 503. The store's own message stays in the log: it may name hosts,
buckets, accounts and keys.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ParamValidationError,
)
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    NOT_IMPLEMENTED,
    RESOURCE_CONFLICT,
    RESOURCE_DOES_NOT_EXIST,
    TEMPORARILY_UNAVAILABLE,
)

_logger = logging.getLogger(__name__)

STORE_ERRORS = (ClientError, BotoCoreError, Boto3Error)

# About this server's access and not about the request: a key that is being replaced, a clock, a
# bucket that is gone.
_OURS = {
    "AccessDenied",
    "AccountProblem",
    "AllAccessDisabled",
    "AuthorizationHeaderMalformed",
    "AuthorizationQueryParametersError",
    "ExpiredToken",
    "ExpiredTokenException",
    "Forbidden",
    "IllegalLocationConstraintException",
    "InvalidAccessKeyId",
    "InvalidBucketName",
    "InvalidSecurity",
    "InvalidToken",
    "NoSuchBucket",
    "NotSignedUp",
    "OperationAborted",
    "PermanentRedirect",
    "QuotaExceeded",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "SignatureDoesNotMatch",
    "TemporaryRedirect",
    "TokenRefreshRequired",
    "UnauthorizedAccess",
    "XMinioStorageFull",
    "XMinioAdminBucketQuotaExceeded",
}
_MISSING = {"NoSuchKey", "NoSuchUpload", "NoSuchVersion", "NotFound"}


def public_store_error(error: BaseException) -> tuple[int, str]:
    refused = _refusal(error)
    if refused is None:
        if isinstance(error, ParamValidationError):
            return INVALID_PARAMETER_VALUE, "the object store can't have anything of this name"
        return TEMPORARILY_UNAVAILABLE, "the object store does not answer at the moment; try again"
    code = str(refused.response.get("Error", {}).get("Code", ""))
    status = int(refused.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    # The answer to a HEAD has no body: botocore gives its status as the code.
    status = status or (int(code) if code.isdecimal() else 0)
    said = f"the object store answered {code if code.isalnum() and not code.isdecimal() else status or 'an error'}"
    if code not in _OURS:
        if code in _MISSING or status == 404:
            return RESOURCE_DOES_NOT_EXIST, said
        if status == 501:
            return NOT_IMPLEMENTED, said
        if status in (409, 412):
            return RESOURCE_CONFLICT, f"{said}: something else is in the place of this name"
        if 400 <= status < 500 and status not in (401, 403, 407, 408, 425, 429):
            return INVALID_PARAMETER_VALUE, said
    return TEMPORARILY_UNAVAILABLE, f"{said}; try again"


def _refusal(error: BaseException | None) -> ClientError | None:
    """boto3's transfers raise errors of their own while they handle the store's."""
    while error is not None and not isinstance(error, ClientError):
        error = error.__cause__ or error.__context__
    return error


@contextmanager
def object_store_errors(path: str | None) -> Iterator[None]:
    try:
        yield
    except STORE_ERRORS as error:
        raise _told(path, error) from error
    except MlflowException as error:
        # MLflow's own wording of the store's error names the bucket.
        cause = error.__cause__ or error.__context__
        if not isinstance(cause, STORE_ERRORS):
            raise
        raise _told(path, cause) from cause


def _told(path: str | None, error: BaseException) -> MlflowException:
    code, sentence = public_store_error(error)
    _logger.warning("artifact %r: %s: %s: %s", path or "", sentence, type(error).__name__, error)
    name = f"Artifact {path!r}" if path else "Artifacts"
    return MlflowException(f"{name}: {sentence}", error_code=code)


def use_short_retries() -> None:
    """Every S3 client of MLflow gives up within seconds: its caller repeats a 503, and holds a connection until then.

    botocore's defaults are 5 attempts of 60 s each for a host that does not answer.
    """
    import boto3
    import botocore.session
    from botocore.config import Config

    session: Any = botocore.session.get_session()
    session.set_default_client_config(
        Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "total_max_attempts": 3},
        )
    )
    boto3.setup_default_session(botocore_session=session)
