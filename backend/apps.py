from importlib import import_module

from django.apps import AppConfig


class BackendConfig(AppConfig):
    """The one Django app of the product."""

    name = "backend"
    label = "coalition"
    verbose_name = "Coalition"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("backend.management.checks")

    def import_models(self) -> None:
        """Django looks in `backend.models` alone; the views' models have a room of their own."""
        super().import_models()
        import_module("backend.public")
