"""Reads a process's variables and gathers everything that is wrong with them, by name and never with a secret value."""

from collections.abc import Mapping

from mlflow_instance.database import DatabaseUriError, with_time_limits


class Variables:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.errors: list[str] = []

    def optional(self, variable: str) -> str:
        return self._environment.get(variable, "").strip()

    def required(self, variable: str) -> str:
        value = self.optional(variable)
        if not value:
            self.errors.append(f"{variable}: not set")
        return value

    def database_uri(self) -> str:
        uri = self.required("MLFLOW_BACKEND_STORE_URI")
        try:
            return with_time_limits(uri) if uri else uri
        except DatabaseUriError as error:
            self.errors.append(str(error))
            return uri
