"""What one request may ask of the database.

PostgreSQL plans a statement before any time-out or memory setting of it can help: each condition on
a metric, parameter or tag is one more join, and the memory of planning grows with their
combinations. So the number of them is bounded before the statement is made. The numbers hold for
every route, and no client of MLflow comes near them.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

# Conditions of all filters of a request together.
MAX_CONDITIONS = 20
MAX_ORDER_BY = 10
# The parser of filters takes half a second of processor time for the worst text of this length.
MAX_FILTER_CHARACTERS = 16_384
MAX_LIST_VALUES = 500
# GraphQL's document; those of MLflow's pages have up to 3,000.
MAX_QUERY_CHARACTERS = 16_384
# LIKE, ILIKE and RLIKE.
MAX_PATTERN_CHARACTERS = 500
# A repetition such as {1,255} is written out by PostgreSQL; nested ones multiply.
MAX_REPETITIONS = 1_000
# Any list in a request: experiments to search in, traces to fetch, …
MAX_ITEMS = 10_000
# Lists of which each item costs a join or a pass of its own.
MAX_FEW = 20
# Tables and subqueries of one statement: the last bound, for whatever the others don't know.
# MLflow's largest has 306: a correlation of traces with ten conditions on feedback in each of its
# filters.
MAX_STATEMENT_PARTS = 500

_FEW = frozenset({"datasets", "aggregations", "dimensions", "filters"})
_PART = re.compile(r"\b(?:FROM|JOIN)\b")
_BACK_REFERENCE = re.compile(r"\\[1-9]")
_BOUND = re.compile(r"(.?)\{(\d+)(?:,(\d*))?\}", re.DOTALL)
# In another syntax, or with free spacing, bounds would look different.
_OTHER_SYNTAX = re.compile(r"\*\*\*|\(\?[is]*[a-hj-rt-z]+[a-z]*\)")


def too_much(what: str, limit: int, found: int) -> MlflowException:
    """The answer is 400, with MLflow's own JSON."""
    return MlflowException(
        f"{what}: at most {limit:,} are allowed, found {found:,}",
        error_code=INVALID_PARAMETER_VALUE,
    )


def check_filter_text(text: Any) -> None:
    """Before it is parsed."""
    if isinstance(text, str) and len(text) > MAX_FILTER_CHARACTERS:
        raise too_much("characters in a filter", MAX_FILTER_CHARACTERS, len(text))


def check_conditions(found: int) -> None:
    if found > MAX_CONDITIONS:
        raise too_much("conditions in the filters of a request", MAX_CONDITIONS, found)


def check_condition(comparator: str, value: Any) -> None:
    """One condition after it was parsed."""
    if isinstance(value, list | tuple | set | frozenset):
        if len(value) > MAX_LIST_VALUES:
            raise too_much("values in a list of a filter", MAX_LIST_VALUES, len(value))
    elif isinstance(value, str) and comparator.upper().endswith("LIKE"):
        if len(value) > MAX_PATTERN_CHARACTERS:
            raise too_much("characters in a pattern", MAX_PATTERN_CHARACTERS, len(value))
        if comparator.upper() == "RLIKE":
            _check_regular_expression(value)


def _check_regular_expression(pattern: str) -> None:
    if _BACK_REFERENCE.search(pattern) or _OTHER_SYNTAX.match(pattern):
        raise MlflowException(
            "A regular expression can have neither back references "
            "nor options other than (?i) and (?s)",
            error_code=INVALID_PARAMETER_VALUE,
        )
    repetitions = multiplied(pattern)
    if repetitions > MAX_REPETITIONS:
        raise too_much(
            "repetitions in a regular expression, those of groups multiplied",
            MAX_REPETITIONS,
            repetitions,
        )


def multiplied(pattern: str) -> int:
    """How often a character is repeated at most. All bounds of groups count as nested: whether
    they are is PostgreSQL's to parse.
    """
    groups, singles = 1, 0
    for bound in _BOUND.finditer(pattern):
        times = max(1, int(bound.group(2)), int(bound.group(3) or 0))
        if bound.group(1) == ")":
            groups *= times
        else:
            singles += times
    return groups * max(1, singles)


def check_statement(statement: str) -> None:
    """Values are parameters, so the text has no more of these words than the statement has
    parts.
    """
    found = len(_PART.findall(statement))
    if found > MAX_STATEMENT_PARTS:
        raise too_much("tables and subqueries that a request leads to", MAX_STATEMENT_PARTS, found)


def check_query_text(text: Any) -> None:
    """A document of GraphQL."""
    if isinstance(text, str) and len(text) > MAX_QUERY_CHARACTERS:
        raise too_much("characters in a query", MAX_QUERY_CHARACTERS, len(text))


def check_order_by(keys: Any) -> None:
    if keys is not None and not isinstance(keys, str) and len(keys) > MAX_ORDER_BY:
        raise too_much("keys to order by", MAX_ORDER_BY, len(keys))


def check_message(message: Message) -> None:
    """Every list in a request, whatever the route."""
    for field, values in _lists(message):
        name = field.name
        limit = (
            MAX_ORDER_BY
            if name == "order_by"
            else MAX_FEW
            if name in _FEW and not _is_write(message)
            else MAX_ITEMS
        )
        if len(values) > limit:
            raise too_much(f"items in {name}", limit, len(values))


def _is_write(message: Message) -> bool:
    """What is logged is bounded by MLflow's own limits of a batch."""
    return message.DESCRIPTOR.name.startswith(("Log", "Create", "Set", "Add", "Update"))


def _lists(message: Message) -> Iterator[tuple[FieldDescriptor, Any]]:
    fields: Iterable[tuple[FieldDescriptor, Any]] = message.ListFields()
    return ((field, value) for field, value in fields if field.is_repeated)
