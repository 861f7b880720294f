"""Tests: the throwaway stack that `make test` started."""

from backend.settings.development import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
