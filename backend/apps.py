from django.apps import AppConfig


class BackendConfig(AppConfig):
    """The one Django app of the product."""

    name = "backend"
    label = "coalition"
    verbose_name = "Coalition"
    default_auto_field = "django.db.models.BigAutoField"
