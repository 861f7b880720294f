from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


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


class CoalitionAdminConfig(AdminConfig):
    """Django's admin, with a site of the product's own."""

    default_site = "backend.admin.site.CoalitionSite"

    def ready(self) -> None:
        # Django would begin with the site, whose package fills one: it would fill another.
        import_module("backend.admin")
        super().ready()
