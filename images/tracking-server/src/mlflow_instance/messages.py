"""The last look at an error's text before a client gets it: no statement, host, bucket, path of a file or Python of the server in it."""

import logging
import socket
from collections.abc import Iterator

import psycopg2
import sqlalchemy.exc
from mlflow.exceptions import ERROR_CODE_TO_HTTP_STATUS, MlflowException
from mlflow.protos.databricks_pb2 import (
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
    INVALID_STATE,
    ErrorCode,
)

from mlflow_instance.database_errors import INTERNAL, public_error
from mlflow_instance.error_codes import code_of
from mlflow_instance.store_errors import STORE_ERRORS, public_store_error

_logger = logging.getLogger(__name__)

# For an error of the client whose text has something in it that is the operator's.
REFUSED = "The tracking server refuses this; the reason is in its log"
# Their texts are the operator's; those of other errors (a filter that can't be parsed) are about
# what the client sent.
_PRIVATE = (sqlalchemy.exc.SQLAlchemyError, psycopg2.Error, *STORE_ERRORS, OSError)
# For answers that aren't made of an exception that we see: what such texts begin with, or always
# have in them.
_MARKS = (
    "[SQL:",
    "(psycopg2.",
    "psycopg2.errors",
    "(Background on this error",
    "sqlalche.me/e/",
    "connection to server at",
    "could not translate host name",
    "endpoint URL",
    "HTTPConnectionPool(",
    "HTTPSConnectionPool(",
    "Traceback (most recent call last)",
    'File "/',
    "site-packages/",
    "s3-proxied://",
    "botocore.",
    "object at 0x",
)


def clean_messages() -> None:
    """MLflow's errors lose the texts of the errors that caused them when they are written for a client, and keep them for the log."""
    original = MlflowException.serialize_as_json
    status_of = MlflowException.get_http_status_code

    def serialize_as_json(self: MlflowException) -> str:
        public, code = public_message(self), public_code(self)
        if public != self.message:
            _logger.warning("not told to the client: %s", self.message)
        if ErrorCode.Name(code) != self.error_code:
            return original(MlflowException(public, error_code=code, **self.json_kwargs))
        told, self.message = self.message, public
        try:
            return original(self)
        finally:
            self.message = told

    def get_http_status_code(self: MlflowException) -> int:
        code = ErrorCode.Name(public_code(self))
        return status_of(self) if code == self.error_code else ERROR_CODE_TO_HTTP_STATUS[code]

    MlflowException.serialize_as_json = serialize_as_json
    MlflowException.get_http_status_code = get_http_status_code
    # MLflow says 500, which its client repeats for minutes: a deleted experiment can't be renamed
    # by another attempt.
    ERROR_CODE_TO_HTTP_STATUS[ErrorCode.Name(INVALID_STATE)] = 400


def public_message(error: MlflowException) -> str:
    text = error.message
    for cause in _causes(error):
        if text == str(cause) and not isinstance(cause, MlflowException):
            return sentence_of(cause)[1]
        if not isinstance(cause, _PRIVATE):
            continue
        _, sentence = sentence_of(cause)
        for private in (str(cause), repr(cause), str(getattr(cause, "orig", None) or "")):
            # A text of a few letters (an errno) is no secret and may be a part of any word.
            if len(private) > 8:
                text = text.replace(private, sentence)
    if not is_private(text):
        return text
    return INTERNAL[1] if error.error_code == ErrorCode.Name(INTERNAL_ERROR) else REFUSED


def public_code(error: MlflowException) -> int:
    if error.message == INTERNAL[1]:
        return int(ErrorCode.Value(error.error_code))
    return code_of(error, _causes(error), _PRIVATE, lambda cause: sentence_of(cause)[0])


def sentence_of(error: BaseException) -> tuple[int, str]:
    """MLflow's code and a sentence for any error that reaches the end of a handler."""
    if isinstance(error, STORE_ERRORS):
        return public_store_error(error)
    if isinstance(error, socket.gaierror):
        return INVALID_PARAMETER_VALUE, "the name is not known to DNS"
    return public_error(error)


def is_private(text: str) -> bool:
    return any(mark in text for mark in _MARKS)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = {id(error)}
    following = [error.__cause__, error.__context__]
    while following:
        cause = following.pop()
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        following += [cause.__cause__, cause.__context__]
