import pytest

from mlflow_instance.settings import SettingsError, read_settings

GOOD = {
    "MLFLOW_INSTANCE_NAME": "fraud-detector",
    "MLFLOW_BACKEND_STORE_URI": "postgresql+psycopg2://u:pa%40ss@db:5432/mlflow?sslmode=verify-full",
    "MLFLOW_INSTANCE_ARTIFACTS_DESTINATION": "s3-proxied://bucket/artifacts",
}


def test_defaults() -> None:
    settings = read_settings(GOOD)
    assert (settings.workers, settings.port, settings.host, settings.schema_wait_seconds) == (
        1,
        5000,
        "*",
        120,
    )
    assert str(settings.tokens_file) == "/etc/mlflow-instance/tokens/tokens.json"
    assert settings.trusted_proxies == ""
    assert settings.keep_alive_seconds == 75
    assert settings.audit_days == 180


def test_connections_are_kept_for_as_long_as_the_load_balancer_needs() -> None:
    assert (
        read_settings({**GOOD, "MLFLOW_INSTANCE_KEEP_ALIVE_SECONDS": "1039"}).keep_alive_seconds
        == 1039
    )


def test_the_database_uri_keeps_its_parts_and_gains_time_limits() -> None:
    uri = read_settings(GOOD).database_uri
    assert uri.startswith("postgresql+psycopg2://u:pa%40ss@db:5432/mlflow?")
    assert (
        "sslmode=verify-full" in uri
        and "connect_timeout=5" in uri
        and "tcp_user_timeout=15000" in uri
    )
    own = read_settings(
        {
            **GOOD,
            "MLFLOW_BACKEND_STORE_URI": "postgresql+psycopg2://u:p@db/mlflow?connect_timeout=9",
        }
    ).database_uri
    assert "connect_timeout=9" in own


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("MLFLOW_INSTANCE_NAME", "", "MLFLOW_INSTANCE_NAME: not set"),
        (
            "MLFLOW_INSTANCE_METRICS_PORT",
            "5000",
            "MLFLOW_INSTANCE_METRICS_PORT: is MLFLOW_INSTANCE_PORT, too",
        ),
        ("MLFLOW_INSTANCE_METRICS_PORT", "70000", "MLFLOW_INSTANCE_METRICS_PORT: expected"),
        ("MLFLOW_INSTANCE_NAME", 'a"b', "MLFLOW_INSTANCE_NAME: it is part of a header"),
        ("MLFLOW_BACKEND_STORE_URI", "", "MLFLOW_BACKEND_STORE_URI: not set"),
        (
            "MLFLOW_BACKEND_STORE_URI",
            "postgresql://u:hidden@db/x",
            "scheme is 'postgresql', expected postgresql+psycopg2",
        ),
        ("MLFLOW_BACKEND_STORE_URI", "sqlite:///x.db", "scheme is 'sqlite'"),
        ("MLFLOW_BACKEND_STORE_URI", "hidden", "not a database URI"),
        (
            "MLFLOW_BACKEND_STORE_URI",
            "postgresql+psycopg2://u:hidden@/x",
            "host or database name missing",
        ),
        (
            "MLFLOW_BACKEND_STORE_URI",
            "postgresql+psycopg2://u:hidden@db:port/x",
            "not a database URI",
        ),
        ("MLFLOW_INSTANCE_ARTIFACTS_DESTINATION", "/data", "expected s3-proxied://"),
        ("MLFLOW_INSTANCE_ARTIFACTS_DESTINATION", "gs://b", "expected s3-proxied://"),
        (
            "MLFLOW_INSTANCE_WORKERS",
            "0",
            "MLFLOW_INSTANCE_WORKERS: expected a whole number from 1 to 64",
        ),
        ("MLFLOW_INSTANCE_WORKERS", "two", "MLFLOW_INSTANCE_WORKERS: expected a whole number"),
        (
            "MLFLOW_INSTANCE_KEEP_ALIVE_SECONDS",
            "7201",
            "MLFLOW_INSTANCE_KEEP_ALIVE_SECONDS: expected a whole number from 5 to 7200",
        ),
        *(
            (
                "MLFLOW_INSTANCE_AUDIT_DAYS",
                days,
                "MLFLOW_INSTANCE_AUDIT_DAYS: expected a whole number from 30 to 3650",
            )
            for days in ("29", "3651", "180d")
        ),
        ("MLFLOW_INSTANCE_PORT", "70000", "MLFLOW_INSTANCE_PORT: expected"),
        (
            "MLFLOW_SQL_TRACE_ROLLUPS_ENABLED",
            "True",
            "MLFLOW_SQL_TRACE_ROLLUPS_ENABLED: daily sums of traces are made by jobs",
        ),
        (
            "MLFLOW_TRACE_ROLLUPS_SCHEDULE",
            "0 2 * * *",
            "MLFLOW_TRACE_ROLLUPS_SCHEDULE: daily sums of traces",
        ),
        (
            "MLFLOW_TRACE_ARCHIVAL_CONFIG",
            "/etc/archival.yaml",
            "MLFLOW_TRACE_ARCHIVAL_CONFIG: traces can't be archived here",
        ),
        ("MLFLOW_SERVER_ALLOWED_HOSTS", "a.example", "set both"),
        ("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "https://a.example", "set both"),
    ],
)
def test_a_wrong_value_is_named_and_never_shown_when_it_holds_a_password(
    variable: str, value: str, message: str
) -> None:
    with pytest.raises(SettingsError) as error:
        read_settings({**GOOD, variable: value})
    assert message in str(error.value)
    assert "hidden" not in str(error.value)


def test_all_errors_come_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        read_settings({"MLFLOW_INSTANCE_WORKERS": "x"})
    assert len(str(error.value).splitlines()) == 4
