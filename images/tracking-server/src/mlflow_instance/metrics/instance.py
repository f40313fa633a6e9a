"""Metrics of the pod as a whole, read at each scrape."""

from collections.abc import Iterable
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mlflow_instance.tokens import Token, parse_tokens
from mlflow_instance.watched_file import FileRefused

_CGROUP = Path("/sys/fs/cgroup")


class InstanceCollector(Collector):
    def __init__(
        self, tokens_file: Path, memory_limit: int, about: dict[str, str], cgroup: Path = _CGROUP
    ) -> None:
        self._tokens_file = tokens_file
        self._memory_limit = memory_limit
        self._about = about
        self._cgroup = cgroup
        self._tokens: tuple[Token, ...] = ()

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
                "mlflow_instance_memory_bytes",
                "Memory of the container without inactive file cache.",
                value=in_use,
            )
        yield self._ends()

    def _ends(self) -> Metric:
        family = GaugeMetricFamily(
            "mlflow_instance_token_expires_timestamp_seconds",
            "End of each token's value.",
            labels=["token", "generation", "role"],
        )
        # Entries may share a name and a generation; Prometheus takes one value for each.
        ends: dict[tuple[str, str, str], float] = {}
        for token in self._declared():
            labels = (token.name, str(token.generation), token.role.name.lower())
            ends[labels] = max(ends.get(labels, 0.0), token.valid_until.timestamp())
        for labels, end in ends.items():
            family.add_metric(labels, end)
        return family

    def _declared(self) -> tuple[Token, ...]:
        try:
            self._tokens = parse_tokens(self._tokens_file.read_text(encoding="utf-8"))
        except (OSError, FileRefused, UnicodeDecodeError):
            # As the workers do, which say it in the log: the last good ones hold.
            pass
        return self._tokens

    def _memory(self) -> int | None:
        """As the kubelet counts: the kernel drops inactive file cache before it kills."""
        try:
            used = int((self._cgroup / "memory.current").read_text(encoding="ascii"))
            lines = (self._cgroup / "memory.stat").read_text(encoding="ascii").splitlines()
            stat = dict(line.split() for line in lines)
            return max(0, used - int(stat.get("inactive_file", 0)))
        except (OSError, ValueError):
            return None


def _info(name: str, text: str, labels: dict[str, str]) -> Metric:
    family = GaugeMetricFamily(f"{name}_info", text, labels=list(labels))
    family.add_metric(list(labels.values()), 1)
    return family
