"""A path or location with any reading outside of `artifacts/*` and `tmp/*` is refused."""

import pytest

from mlflow_instance.locations_written import WrittenLocations, require_trace_id
from mlflow_instance.places import is_inside

ROOTS = ("artifacts", "tmp")


OUTSIDE = [
    "",
    "/",
    "maintenance/x",
    "final-dump/x",
    "artifactsx/y",
    "tmpx",
    "ARTIFACTS/x",
    "/artifacts/x",
    "./artifacts/x",
    "artifacts/../maintenance",
    "artifacts/..",
    "artifacts/./x",
    "artifacts/%2e%2e/maintenance",
    "artifacts/%252e%252e/maintenance",
    "artifacts/%25252e%25252e%25252fmaintenance",
    "artifacts/..%2fmaintenance",
    "artifacts%2f..%2fmaintenance",
    "artifacts\\..\\maintenance",
    "artifacts/%5c..%5cmaintenance",
    "artifacts/x\0y",
    "artifacts/x%00",
    "artifacts/a?b/../../maintenance",
    "artifacts/a%3f/../maintenance",
    "?artifacts/x",
    "#artifacts/x",
    "maintenance?artifacts/x",
    "artifacts/" + "%" + "25" * 20 + "2e%2e",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_path_with_a_reading_outside_is_outside(path: str) -> None:
    assert not is_inside(path, ROOTS)


@pytest.mark.parametrize(
    "path",
    [
        "artifacts",
        "artifacts/",
        "artifacts/1/a b",
        "artifacts/ü/x%20y",
        "artifacts//x",
        "tmp/x",
        "artifacts/...",
        "artifacts/..x",
    ],
)
def test_a_path_of_users_is_inside(path: str) -> None:
    assert is_inside(path, ROOTS)


@pytest.mark.parametrize("path", ["artifacts", "artifacts/", "artifacts//", "tmp", "tmp/"])
def test_a_whole_root_is_no_folder_of_anybody(path: str) -> None:
    assert not is_inside(path, ROOTS, folder=True)


@pytest.mark.parametrize(
    "uri",
    [
        "mlflow-artifacts:/",
        "mlflow-artifacts:",
        "mlflow-artifacts://host/",
        "mlflow-artifacts:/../maintenance",
        "mlflow-artifacts:/%2e%2e/maintenance",
        "mlflow-artifacts://host/../maintenance",
        "MLFLOW-ARTIFACTS:/..",
        "s3-proxied://instance",
        "s3-proxied://instance/",
        "s3-proxied://instance/artifacts",
        "s3-proxied://instance/maintenance/retention/x/plan-",
        "S3://instance/final-dump",
        "s3a://instance/artifacts/../x",
        "s3://user@instance/maintenance",
        "s3://instance@arn:aws:s3:eu-central-1:1:accesspoint%2Fp/maintenance",
        "s3://instance:443/artifacts/x",
        "s3://%69nstance/maintenance",
        "s3:///instance/maintenance",
        "s3://instance?x/maintenance",
    ],
)
def test_no_location_outside_can_be_written_down(uri: str) -> None:
    assert not WrittenLocations("s3-proxied://instance/artifacts").is_allowed(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "mlflow-artifacts:/7",
        "mlflow-artifacts://host:1/7",
        "s3-proxied://instance/artifacts/team",
        "s3://instance/tmp/x",
        "gs://other/x",
        "/a/path",
        "",
    ],
)
def test_locations_inside_and_of_other_stores_can(uri: str) -> None:
    assert WrittenLocations("s3-proxied://instance/artifacts").is_allowed(uri)


@pytest.mark.parametrize(
    "trace_id",
    [
        "",
        ".",
        "..",
        "a/b",
        "a\\b",
        "%2e",
        "a?b",
        "a#b",
        "a\nb",
        "a\x1bb",
        "traces",
        "models",
        "artifacts",
    ],
)
def test_a_trace_id_is_one_folder(trace_id: str) -> None:
    with pytest.raises(Exception, match="must be the name of one folder"):
        require_trace_id(trace_id)


@pytest.mark.parametrize(
    "trace_id",
    [
        "tr-0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef",
        "my-trace_1.2:3",
        "ü",
    ],
)
def test_ids_that_clients_make_are(trace_id: str) -> None:
    require_trace_id(trace_id)
