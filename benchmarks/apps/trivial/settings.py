"""Nothing around the view: neither middleware, nor authentication, nor a database."""

import os

SECRET_KEY = os.environ["SECRET_KEY"]
ROOT_URLCONF = "benchmarks.apps.trivial.urls"
ALLOWED_HOSTS = ["127.0.0.1"]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
