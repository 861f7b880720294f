"""Where Django looks for the backend that the setting ENGINE names."""

from typing import Any

import psycopg
from django.contrib.gis.db.backends.postgis import base

from backend.database.password import remote_password


class DatabaseWrapper(base.DatabaseWrapper):
    """PostGIS, asking AWS Secrets Manager for the password when it opens a connection.

    The setting PASSWORD_SECRET says which secret. A password changed there is taken up
    without a restart: when the database refuses the remembered one, it is fetched anew, once.
    """

    def get_new_connection(self, conn_params: dict[str, Any]) -> "psycopg.Connection[Any]":
        remote = remote_password(**self.settings_dict["PASSWORD_SECRET"])
        password = remote.current()
        try:
            return self._connect(conn_params, password)
        except psycopg.OperationalError as error:
            if not _came_after_password(error):
                raise
            renewed = remote.after_refusal(password)
            if renewed == password:
                raise
            return self._connect(conn_params, renewed)

    def _connect(self, conn_params: dict[str, Any], password: str) -> "psycopg.Connection[Any]":
        connection: psycopg.Connection[Any] = super().get_new_connection(
            conn_params | {"password": password}
        )
        return connection


def _came_after_password(error: psycopg.OperationalError) -> bool:
    """Whether the server had asked for the password before it failed.

    libpq says no more than that about a failed connection; a server that cannot be reached
    has not asked.
    """
    return error.pgconn is not None and error.pgconn.used_password
