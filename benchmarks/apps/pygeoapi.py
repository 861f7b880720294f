"""pygeoapi as its guide serves it, on Python 3.11 too; runs in pygeoapi's own environment."""

import sys
from types import ModuleType

if sys.version_info < (3, 12):
    # The one module with newer syntax, of pictures of maps, which nobody asks for here.
    sys.modules["pygeoapi.api.maps"] = ModuleType("pygeoapi.api.maps")

from pygeoapi.flask_app import APP  # noqa: F401  # gunicorn serves it
