"""Large data, written by PostgreSQL itself: through the API it would take hours."""

import psycopg2
from sqlalchemy.engine import make_url


class Rows:
    def __init__(self, uri: str) -> None:
        url = make_url(uri)
        self._connection = psycopg2.connect(
            host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database
        )
        self._connection.autocommit = True

    def run(self, statement: str, *parameters: object) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)

    def close(self) -> None:
        self._connection.close()

    def experiment(self, number: int) -> None:
        self.run(
            "INSERT INTO experiments (experiment_id, name, workspace, artifact_location, lifecycle_stage, creation_time, last_update_time) "
            f"VALUES ({number}, 'big {number}', 'default', 'mlflow-artifacts:/{number}', 'active', 1, 1)"
        )

    def runs(self, experiment: int, count: int, metrics: int = 0, params: int = 0, tags: int = 0, length: int = 20) -> None:
        """Run ids are `<experiment>r<number>`."""
        ids = f"generate_series(1, {count}) AS r"
        self.run(
            "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, "
            "deleted_time, source_version, lifecycle_stage, artifact_uri, experiment_id) "
            f"SELECT '{experiment}r' || r, 'run ' || r, 'UNKNOWN', '', '', 'u', 'FINISHED', r, r, NULL, '', 'active', "
            f"'mlflow-artifacts:/{experiment}/{experiment}r' || r || '/artifacts', {experiment} FROM {ids}"
        )
        self.run(
            "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) "
            f"SELECT 'metric_' || k, k * 0.731, 1700000000000, k, false, '{experiment}r' || r FROM {ids}, generate_series(1, {metrics}) AS k"
        )
        for table, columns in (("params", params), ("tags", tags)):
            self.run(
                f"INSERT INTO {table} (key, value, run_uuid) SELECT '{table}_' || k, repeat('v', {length}), '{experiment}r' || r "
                f"FROM {ids}, generate_series(1, {columns}) AS k"
            )

    def points(self, run: str, count: int, key: str = "loss") -> None:
        self.run(
            "INSERT INTO metrics (key, value, timestamp, step, is_nan, run_uuid) "
            f"SELECT '{key}', i * 0.731, 1700000000000 + i, i, false, '{run}' FROM generate_series(1, {count}) AS i"
        )
