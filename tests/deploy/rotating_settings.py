"""Production, but each request logs in anew, and secrets are remembered for seconds."""

from backend.database import credentials
from backend.settings.production import *
from backend.settings.production import DATABASES

credentials.REMEMBERED_SECONDS = 2
credentials.PAUSE_SECONDS = 1
for _database in DATABASES.values():
    _database["CONN_MAX_AGE"] = 0
# The load speaks plain http, as from within.
SECURE_SSL_REDIRECT = False
