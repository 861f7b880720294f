"""Tests: the throwaway stack that `make test` started."""

from backend.settings.development import *

# Finds a file when it is asked for, not all of them for every client that a test makes.
WHITENOISE_AUTOREFRESH = True

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Tests that roll back revise nothing, and would be given what another test has left.
CACHES = caches_of_answers(NO_CACHE)
