from backend.settings.test import *  # noqa: F403  # settings build on others
from backend.settings.test import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.management.growing"]
