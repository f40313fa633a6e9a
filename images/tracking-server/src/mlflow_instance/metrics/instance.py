"""Metrics of the pod as a whole, read at each scrape."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mlflow_instance.tokens import Token, TokenFileError, parse_tokens

_CGROUP = Path("/sys/fs/cgroup")


class InstanceCollector(Collector):
    def __init__(
        self, tokens_file: Path, memory_limit: int, about: dict[str, str], cgroup: Path = _CGROUP
    ) -> None:
        self._tokens_file = tokens_file
        self._memory_limit = memory_limit
        self._about = about
        self._cgroup = cgroup

    def collect(self) -> Iterable[Metric]:
        yield _info("mlflow_instance", "Versions of MLflow and of its schema.", self._about)
        yield GaugeMetricFamily(
            "mlflow_instance_memory_limit_bytes",
            "Memory at which the container is ended.",
            value=self._memory_limit,
        )
        in_use = self._memory()
        if in_use is not None:
            yield GaugeMetricFamily(
                "mlflow_instance_memory_bytes", "Memory of the container.", value=in_use
            )
        yield self._tokens()

    def _tokens(self) -> Metric:
        family = GaugeMetricFamily(
            "mlflow_instance_token_expires_timestamp_seconds",
            "End of each token's value.",
            labels=["token", "generation", "role"],
        )
        for token in self._declared():
            labels = [token.name, str(token.generation), token.role.name.lower()]
            family.add_metric(labels, token.valid_until.timestamp())
        return family

    def _declared(self) -> Iterator[Token]:
        try:
            yield from parse_tokens(self._tokens_file.read_text(encoding="utf-8"))
        except (OSError, TokenFileError, UnicodeDecodeError):
            # The workers log it.
            return

    def _memory(self) -> int | None:
        try:
            return int((self._cgroup / "memory.current").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None


def _info(name: str, text: str, labels: dict[str, str]) -> Metric:
    family = GaugeMetricFamily(f"{name}_info", text, labels=list(labels))
    family.add_metric(list(labels.values()), 1)
    return family
