"""A laptop: the stack that `make run` started, or one named in the environment."""

import secrets
from pathlib import Path

from backend.settings.base import *
from backend.settings.base import (
    BASE_DIR,
    LINKS_URL,
    REPLICA_URL,
    env,
    logging_config,
    mail_transport,
    postgis,
)
from backend.settings.images import image_store

# As for the stack, one that is empty is none.
COALITION_HOME = Path(env.str("COALITION_HOME", default="") or BASE_DIR / ".local")
# What the environment says already, the file does not change.
env.read_env(COALITION_HOME / "stack.env")

# Only the stack needs one that lasts; without it each process makes its own.
SECRET_KEY = env.str("SECRET_KEY", default=secrets.token_urlsafe(50))
DIGEST_KEY = env.str("DIGEST_KEY", default=SECRET_KEY)
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

vars().update(
    mail_transport(env.str("EMAIL_URL", default="") or f"file://{COALITION_HOME / 'mail'}")
)

# Where the stack listens.
HOST = env.str("HOST", default="127.0.0.1")
OWN_URL = f"http://{f'[{HOST}]' if ':' in HOST else HOST}:{env.int('PORT', 8000)}"
LINKS_URL = LINKS_URL or OWN_URL

vars().update(
    image_store(
        env.str("IMAGES_URL", default="") or f"file://{COALITION_HOME / 'images'}",
        region=env.str("AWS_REGION", default=""),
        api_url=env.str("PUBLIC_URL", default="") or OWN_URL,
    )
)

LOGGING = logging_config(as_json=env.bool("LOG_JSON", default=False))

# Without a stack there is no database, and commands that need none still work.
DATABASES = {
    alias: postgis(variable)
    for alias, variable in {
        "default": "DATABASE_URL",
        "public": "DATABASE_READER_URL",
        "replica": REPLICA_URL,
        "owner": "DATABASE_OWNER_URL",
    }.items()
    if variable in env.ENVIRON or f"{variable}_FILE" in env.ENVIRON
}

# Static files straight from the packages they come with.
WHITENOISE_USE_FINDERS = True
