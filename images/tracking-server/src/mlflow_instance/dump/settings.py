"""What both commands need to know: the database and the bucket. The tracking server's pod has the same variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from mlflow_instance.maintenance.errors import Refused
from mlflow_instance.maintenance.locations import ArtifactStore
from mlflow_instance.maintenance.settings import read_store
from mlflow_instance.variables import Variables


@dataclass(frozen=True)
class DumpSettings:
    instance: str
    database_uri: str
    store: ArtifactStore
    # None: Amazon's own.
    endpoint: str | None


def read_settings(environment: Mapping[str, str] = os.environ) -> DumpSettings:
    variables = Variables(environment)
    uri = variables.database_uri()
    store, endpoint = read_store(variables)
    settings = DumpSettings(variables.required("MLFLOW_INSTANCE_NAME"), uri, store, endpoint)
    if variables.errors:
        raise Refused("\n".join(variables.errors))
    return settings
