"""The last dump of an instance's database, and the way back. Plain files and no pg_dump, whose version binds it to the server's."""
