"""Large data, written by PostgreSQL itself: through the API it would take hours."""

import psycopg2
from sqlalchemy.engine import make_url


class Rows:
    def __init__(self, uri: str) -> None:
        url = make_url(uri)
        self._connection = psycopg2.connect(
            host=url.host,
            port=url.port,
            user=url.username,
            password=url.password,
            dbname=url.database,
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

    def runs(
        self,
        experiment: int,
        count: int,
        metrics: int = 0,
        params: int = 0,
        tags: int = 0,
        length: int = 20,
    ) -> None:
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

    def registry(self, models: int, versions: int) -> None:
        """Models `m1` … with tags, and versions of `m1` with long ones."""
        name = "INSERT INTO registered_models (workspace, name, creation_time, last_updated_time, description) "
        self.run(
            f"{name} SELECT 'default', 'm' || i, 1, 1, repeat('d', 4000) FROM generate_series(1, {models}) AS i"
        )
        self.run(
            "INSERT INTO registered_model_tags (workspace, name, key, value) SELECT 'default', 'm' || i, 'k' || k, repeat('v', 100) "
            f"FROM generate_series(1, {models}) AS i, generate_series(1, 20) AS k"
        )
        self.run(
            "INSERT INTO model_versions (workspace, name, version, creation_time, last_updated_time, description, user_id, "
            "current_stage, source, storage_location, run_id, run_link, status, status_message) "
            "SELECT 'default', 'm1', i, 1, 1, repeat('d', 4000), 'u', 'None', 's3-proxied://instance/artifacts/x', NULL, NULL, NULL, "
            f"'READY', NULL FROM generate_series(1, {versions}) AS i"
        )
        self.run(
            "INSERT INTO model_version_tags (workspace, name, version, key, value) SELECT 'default', 'm1', i, 'k' || k, repeat('v', 1000) "
            f"FROM generate_series(1, {versions}) AS i, generate_series(1, 5) AS k"
        )

    def logged_models(self, experiment: int, count: int) -> None:
        models = f"generate_series(1, {count}) AS i"
        self.run(
            "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms, "
            "last_updated_timestamp_ms, status, lifecycle_stage) "
            f"SELECT 'l' || i, {experiment}, 'logged', 'mlflow-artifacts:/{experiment}/models/l' || i || '/artifacts', i, i, 2, 'active' "
            f"FROM {models}"
        )
        for table, column in (("params", "param"), ("tags", "tag")):
            self.run(
                f"INSERT INTO logged_model_{table} (model_id, experiment_id, {column}_key, {column}_value) "
                f"SELECT 'l' || i, {experiment}, 'k' || k, repeat('v', 200) FROM {models}, generate_series(1, 40) AS k"
            )

    def traces(self, experiment: int, count: int, spans: int, length: int, name: str = "t") -> None:
        """The content of a span is a JSON of many small elements, the most that parsing makes of a byte."""
        rows = f"generate_series(1, {count}) AS i"
        self.run(
            "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, execution_time_ms, status, db_payload_generation, "
            f"request_preview) SELECT '{name}' || i, {experiment}, i, 1, 'OK', 0, repeat('p', 1000) FROM {rows}"
        )
        self.run(
            f"INSERT INTO trace_tags (key, value, request_id) SELECT 'k' || k, repeat('v', 2000), '{name}' || i "
            f"FROM {rows}, generate_series(1, 5) AS k"
        )
        self.run(
            f"INSERT INTO trace_tags (key, value, request_id) SELECT 'mlflow.trace.spansLocation', 'TRACKING_STORE', '{name}' || i FROM {rows}"
        )
        attributes = f"repeat('[],', {length // 3}) || '0'"
        self.run(
            "INSERT INTO spans (trace_id, experiment_id, span_id, name, type, status, start_time_unix_nano, end_time_unix_nano, content) "
            f"SELECT '{name}' || i, {experiment}, i || 's' || s, 'span', 'UNKNOWN', 'OK', 1, 2, "
            """'{"name": "span", "context": {"span_id": "0x' || lpad(to_hex(s), 16, '0') || '", "trace_id": "0x' || lpad(to_hex(i), 32, '0') || """
            """'"}, "parent_id": null, "start_time": 1, "end_time": 2, "status_code": "OK", "status_message": "", "events": [], "attributes": """
            f"""{{"mlflow.traceRequestId": "\\"{name}' || i || '\\"", "a": "[' || {attributes} || ']"}}}}' """
            f"""FROM {rows}, generate_series(1, {spans}) AS s"""
        )

    def dataset(self, experiment: int, records: int, length: int) -> None:
        self.run(
            "INSERT INTO evaluation_datasets (dataset_id, workspace, name, schema, profile, digest, created_time, last_update_time) "
            "SELECT 'd' || i, 'default', 'dataset ' || i, repeat('s', 20000), '{}', 'x', 1, 1 FROM generate_series(1, 1000) AS i"
        )
        self.run(
            "INSERT INTO evaluation_dataset_records (dataset_record_id, dataset_id, inputs, created_time, last_update_time, input_hash) "
            f"SELECT 'r' || i, 'd1', ('{{\"a\": [' || repeat('[],', {length // 3}) || '0]}}')::json, i, i, 'h' || i "
            f"FROM generate_series(1, {records}) AS i"
        )

    def others(self, experiment: int) -> None:
        self.run(
            "INSERT INTO experiments (experiment_id, name, workspace, artifact_location, lifecycle_stage, creation_time, last_update_time) "
            "SELECT 1000 + i, 'many ' || i, 'default', 'mlflow-artifacts:/x', 'active', 1, 1 FROM generate_series(1, 6000) AS i"
        )
        self.run(
            "INSERT INTO experiment_tags (key, value, experiment_id) SELECT 'k' || k, repeat('v', 2000), 1000 + i "
            "FROM generate_series(1, 6000) AS i, generate_series(1, 2) AS k"
        )
        self.run(
            "INSERT INTO issues (issue_id, experiment_id, name, description, status, created_timestamp, last_updated_timestamp) "
            f"SELECT 'i' || i, {experiment}, 'issue', repeat('d', 20000), 'pending', 1, 1 FROM generate_series(1, 2000) AS i"
        )
        self.run(
            f"INSERT INTO scorers (experiment_id, scorer_name, scorer_id) SELECT {experiment}, 's' || i, 's' || i "
            "FROM generate_series(1, 500) AS i"
        )
        self.run(
            "INSERT INTO scorer_versions (scorer_id, scorer_version, serialized_scorer, creation_time) "
            """SELECT 's' || i, 1, '{"name": "s", "x": "' || repeat('v', 200000) || '"}', 1 FROM generate_series(1, 500) AS i"""
        )
