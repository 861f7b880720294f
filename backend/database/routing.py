"""Which connection a model is read over."""

from typing import Any

from django.db.models import Model

from backend.database.reading import PRIMARY, reader


class PublicRouter:
    """Reads models that say so (`read_from`) over that connection, and refuses to write them."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str | None:
        read_from: str | None = getattr(model, "read_from", None)
        return reader() if read_from == PRIMARY else read_from

    def db_for_write(self, model: type[Model], **_hints: Any) -> str | None:
        if hasattr(model, "read_from"):
            raise TypeError(f"{model.__name__} shows what is in other tables: change those.")
        return None
