"""Where Django looks for the backend that the setting ENGINE names."""

import re
import select
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from django.contrib.gis.db.backends.postgis import base

from backend.database.credentials import RemoteCredentials, remote_credentials
from backend.database.silence import silence
from backend.observing.metrics import CONNECT_SECONDS
from backend.observing.statements import observed

# What PostgreSQL and pgBouncer say to a wrong password or user; libpq keeps no code of it.
REFUSAL = re.compile("authentication failed|no such user")


class DatabaseWrapper(base.DatabaseWrapper):
    """PostGIS, with a cheap health check, and users and passwords from AWS Secrets Manager.

    The setting SECRET, if there is one, says which secret is asked for when a connection is
    opened. What is changed there is taken up without a restart: when the database refuses what is
    remembered, the secret is read anew; and while it refuses that too, what it held before serves.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers += [observed, in_time]

    def register_geometry_adapters(self, pg_connection: Any, clear_caches: bool = False) -> None:
        # The first connection of a process asks for the numbers of PostGIS's types.
        register = super().register_geometry_adapters
        silence.answered(self.alias, pg_connection, lambda: register(pg_connection, clear_caches))

    def init_connection_state(self) -> None:
        silence.answered(self.alias, self.connection, super().init_connection_state)

    def _commit(self) -> None:
        if self.connection is not None:
            with self.wrap_database_errors:
                silence.answered(self.alias, self.connection, self.connection.commit)

    def is_usable(self) -> bool:
        """Whether the connection is open, as far as this machine has been told.

        Django asks the server at the start of each request, which costs as much as a small
        query. A server has nothing to say on an idle connection but goodbye.
        """
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0)

    def get_new_connection(self, conn_params: dict[str, Any]) -> "psycopg.Connection[Any]":
        with CONNECT_SECONDS.labels(self.alias).time():
            return self._new_connection(conn_params)

    def _new_connection(self, conn_params: dict[str, Any]) -> "psycopg.Connection[Any]":
        secret = self.settings_dict.get("SECRET")
        if secret is None:
            connection: psycopg.Connection[Any] = super().get_new_connection(conn_params)
            return connection
        return self._connect_by(remote_credentials(**secret), conn_params)

    def _connect_by(
        self, remote: RemoteCredentials, conn_params: dict[str, Any]
    ) -> "psycopg.Connection[Any]":
        refusals = []
        for credentials in remote.candidates():
            try:
                connection: psycopg.Connection[Any] = super().get_new_connection(
                    conn_params | credentials.parameters
                )
            except psycopg.OperationalError as error:
                if not REFUSAL.search(str(error)):
                    raise
                refusals.append(error)
            else:
                remote.accept(credentials)
                return connection
        raise refusals[0]


def in_time(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Mapping[str, Any]
) -> Any:
    """An execute wrapper of Django's: gives up on a server that is silent."""
    database = context["connection"]
    return silence.answered(
        database.alias,
        database.connection,
        lambda: execute(sql, params, many, context),
        is_statement=True,
    )
