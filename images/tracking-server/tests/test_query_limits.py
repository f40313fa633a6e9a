"""The numbers, without a server."""

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.service_pb2 import LogInputs, SearchLoggedModels, SearchRuns

from mlflow_instance.query_limits import (
    check_condition,
    check_conditions,
    check_filter_text,
    check_message,
    check_statement,
    multiplied,
)


def refused(check: object, *arguments: object) -> str:
    with pytest.raises(MlflowException) as error:
        check(*arguments)  # type: ignore[operator]
    assert error.value.get_http_status_code() == 400
    return str(error.value)


def test_messages_name_the_limit_and_what_was_found() -> None:
    check_conditions(20)
    assert (
        refused(check_conditions, 21)
        == "conditions in the filters of a request: at most 20 are allowed, found 21"
    )
    check_filter_text("x" * 16_384)
    assert "at most 16,384 are allowed, found 16,385" in refused(check_filter_text, "x" * 16_385)
    check_statement("SELECT a FROM b" + " JOIN c" * 499)
    assert "at most 500 are allowed, found 501" in refused(
        check_statement, "SELECT a FROM b" + " JOIN c" * 500
    )


def test_every_list_of_a_request_has_a_limit() -> None:
    check_message(SearchRuns(order_by=["metrics.a"] * 10, experiment_ids=["1"] * 10_000))
    assert "items in order_by: at most 10" in refused(
        check_message, SearchRuns(order_by=["metrics.a"] * 11)
    )
    assert "found 10,001" in refused(check_message, SearchRuns(experiment_ids=["1"] * 10_001))
    few = SearchLoggedModels(datasets=[SearchLoggedModels.Dataset(dataset_name="d")] * 21)
    assert "items in datasets: at most 20" in refused(check_message, few)
    # What is logged is not searched.
    inputs = LogInputs(run_id="r")
    for _ in range(30):
        inputs.datasets.add()
    check_message(inputs)


@pytest.mark.parametrize(
    ("comparator", "value"),
    [
        ("LIKE", "%" * 501),
        ("ilike", "a" * 501),
        ("RLIKE", "a" * 501),
        ("RLIKE", r"(.*)x\1"),
        ("RLIKE", "((a{1,255}){1,255}){1,9}"),
        ("IN", ("a",) * 501),
    ],
)
def test_patterns_and_lists_that_cost_too_much_are_refused(comparator: str, value: object) -> None:
    refused(check_condition, comparator, value)


@pytest.mark.parametrize(
    ("comparator", "value"),
    [
        ("LIKE", "%" * 500),
        ("RLIKE", r"^user-[0-9a-f]{8}\{x\}(-[a-z]{4}){3}$"),
        ("IN", ("a",) * 500),
        ("=", "a" * 6_000),
        (">", 3.5),
    ],
)
def test_everyday_conditions_pass(comparator: str, value: object) -> None:
    check_condition(comparator, value)


@pytest.mark.parametrize(
    ("pattern", "times"),
    [
        ("", 1),
        ("a{3}b{5}", 8),
        # Sixty such took PostgreSQL more than 10 s and 99 MiB (200 values of 4,000 characters).
        ("a{0,255}" * 15, 15 * 255),
        ("(ab){3}c", 3),
        ("((ab){3}c{4}){10}", 120),
        ("a{3,}", 3),
        ("a{2,7}", 7),
        # Brackets and escapes can't hide a group.
        ("(a{255}[)]){255}", 255 * 255),
        (r"[\]((a{255}){255}){2}]", 255 * 255 * 2),
    ],
)
def test_bounds_of_groups_are_multiplied(pattern: str, times: int) -> None:
    assert multiplied(pattern) == times


@pytest.mark.parametrize("pattern", ["***:a", "***=a", "(?x)a", "(?ie)a", "(?q)a"])
def test_other_syntaxes_are_refused(pattern: str) -> None:
    assert "options other than" in refused(check_condition, "RLIKE", pattern)


@pytest.mark.parametrize("pattern", ["(?i)abc", "(?is)a", "(?:ab)+", "(?=a)b"])
def test_everyday_syntax_passes(pattern: str) -> None:
    check_condition("RLIKE", pattern)
