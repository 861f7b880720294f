"""Which connection a model is read over."""

from typing import Any

from django.db.models import Model


class PublicRouter:
    """Reads models that say so (`read_from`) over that connection, and refuses to write them."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str | None:
        return getattr(model, "read_from", None)

    def db_for_write(self, model: type[Model], **_hints: Any) -> str | None:
        if hasattr(model, "read_from"):
            raise TypeError(f"{model.__name__} shows what is in other tables: change those.")
        return None
