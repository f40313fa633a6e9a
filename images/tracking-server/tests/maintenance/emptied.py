"""One database for tests that change nothing but rows. To make one for each of them and to remove
its 650 files takes longer than the tests.
"""

import io
import uuid

from tests.maintenance.world import World


class EmptiedWorld:
    def __init__(self, world: World) -> None:
        self._world = world
        relations = dict(
            world.sql(
                "SELECT oid::regclass::text, relkind::text FROM pg_class"
                " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')"
            )
        )
        self._tables = [name for name, kind in relations.items() if kind == "r"]
        self._sequences = {
            name: world.sql(f"SELECT last_value, is_called FROM {name}")[0]
            for name, kind in relations.items()
            if kind == "S"
        }
        self._first = {table: rows for table in self._tables if (rows := self._copied(table))}

    def again(self) -> World:
        """As it was at the start, with a bucket of its own."""
        world = self._world
        for table in self._tables:
            if (now := self._copied(table)) == self._first.get(table, ""):
                continue
            world.sql("SET session_replication_role = replica")
            if now:
                world.sql(f"DELETE FROM {table}")
            with world.rows.cursor() as cursor:
                first = io.StringIO(self._first.get(table, ""))
                cursor.copy_expert(f"COPY {table} FROM STDIN", first)
            world.sql("RESET session_replication_role")
        for name, (last, called) in self._sequences.items():
            world.sql("SELECT setval(%s, %s, %s)", name, last, called)
        bucket = f"w{uuid.uuid4().hex[:12]}"
        world.store.create_bucket(bucket)
        return World(world.owner_uri, world.job_uri, bucket, world.store, world.rows)

    def _copied(self, table: str) -> str:
        copied = io.StringIO()
        with self._world.rows.cursor() as cursor:
            cursor.copy_expert(f"COPY {table} TO STDOUT", copied)
        return copied.getvalue()
