"""What several rooms' tests share: a PostgreSQL server, guards against the world."""
