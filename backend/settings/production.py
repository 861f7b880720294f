"""AWS, behind a proxy that ends TLS: what is not in the environment is refused, not guessed."""

import socket
import sys
from pathlib import Path
from typing import Any

from backend.settings.base import *
from backend.settings.base import (
    BASE_DIR,
    REPLICA_URL,
    env,
    logging_config,
    mail_transport,
    postgis,
)
from backend.settings.images import image_store

# What each connection's variables begin with: it has a URL, and maybe a SECRET_ID.
CONNECTIONS = {"default": "DATABASE", "public": "DATABASE_READER"}
if env.str(REPLICA_URL, default=""):
    CONNECTIONS["replica"] = "DATABASE_REPLICA"


def _required() -> list[str]:
    """The variables that this environment must set."""
    names = ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_CA_BUNDLE"]
    names += ["EMAIL_URL", "DEFAULT_FROM_EMAIL", "COALITION_ADDRESS", "IMAGES_URL"]
    if not env.str("PUBLIC_URL", default=""):
        names.append("FRONTEND_URL")
    for prefix in CONNECTIONS.values():
        names.append(f"{prefix}_URL")
        # One that is empty is none, of which there is nothing to warn in a line of its own.
        url = env.str(f"{prefix}_URL", default="") or "postgis:///"
        if not env.db_url_config(url)["PASSWORD"]:
            names += [_secret_of(prefix), "AWS_REGION"]
    return list(dict.fromkeys(names))


def _secret_of(prefix: str) -> str:
    """The variable that names the secret. A replica has the roles of its primary."""
    return f"{prefix.replace('REPLICA', 'READER')}_SECRET_ID"


def _refuse_gaps() -> None:
    missing = [name for name in _required() if not env.str(name, default="")]
    if missing:
        sys.exit(f"Set {', '.join(missing)} in the environment: docs/deployment.md says to what.")
    bundle = env.str("DATABASE_CA_BUNDLE")
    if not Path(bundle).is_file():
        sys.exit(
            f"DATABASE_CA_BUNDLE names {bundle}, which is no file: "
            "point it to the certificates of the database's authority."
        )


_refuse_gaps()


def _own_addresses() -> list[str]:
    """What health checks call this machine by: they know its address, not its name."""
    try:
        return ["127.0.0.1", *socket.gethostbyname_ex(socket.gethostname())[2]]
    except socket.gaierror:
        return ["127.0.0.1"]


SECRET_KEY = env.str("SECRET_KEY")
# Keys that tokens in mails may still have been made with.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# What digests of addresses are made with. It must stay as it is when SECRET_KEY is changed, or
# people who asked not to be written to are forgotten.
DIGEST_KEY = env.str("DIGEST_KEY", default=SECRET_KEY)
DEBUG = False
ALLOWED_HOSTS = [*env.list("ALLOWED_HOSTS"), *_own_addresses()]


def _database(prefix: str) -> dict[str, Any]:
    database = postgis(f"{prefix}_URL")
    # A certificate that nobody compares with the host's name protects from no impostor.
    database["OPTIONS"] |= {
        "sslmode": "verify-full",
        "sslrootcert": env.str("DATABASE_CA_BUNDLE"),
    }
    if not database["PASSWORD"]:
        database["SECRET"] = {
            "secret_id": env.str(_secret_of(prefix)),
            "region": env.str("AWS_REGION"),
        }
    return database


DATABASES = {alias: _database(prefix) for alias, prefix in CONNECTIONS.items()}

vars().update(mail_transport(env.str("EMAIL_URL")))
vars().update(
    image_store(
        env.str("IMAGES_URL"),
        region=env.str("AWS_REGION", default=""),
        api_url=env.str("PUBLIC_URL", default=""),
    )
)

# Collected when the image is built.
STATIC_ROOT = BASE_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # A name changes with its content, so that a browser may keep what it has for ever.
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

LOGGING = logging_config(as_json=env.bool("LOG_JSON", default=True))

# The proxy must set this header itself, whatever the client sent.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
# Health checks come over plain http, from within.
SECURE_REDIRECT_EXEMPT = [r"^health/(live|ready)$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
