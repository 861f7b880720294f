"""What never differs between development, tests and production."""

import os
import sys
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from corsheaders.defaults import default_headers
from csp.constants import NONCE, NONE, SELF

from backend.settings.metrics import share_counts, shared_folder

env = environ.FileAwareEnv()  # DATABASE_URL_FILE=/run/secrets/… stands for DATABASE_URL=…

BASE_DIR = Path(__file__).resolve().parents[2]


def _wheel(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed: see requirements/runtime.txt")
    return Path(spec.origin).parent


def _bundled_library(package: str, name: str) -> str:
    """A shared library that the wheel of `package` carries beside it."""
    return str(next((_wheel(package).parent / f"{package}.libs").glob(f"{name}-*.so*")))


# GDAL before 3.9 cannot be kept from opening files and URLs that a hostile spatial
# reference names, and Debian 12 ships 3.6. The wheels of pyogrio and shapely carry newer ones.
GDAL_LIBRARY_PATH = _bundled_library("pyogrio", "libgdal")
GEOS_LIBRARY_PATH = _bundled_library("shapely", "libgeos_c")
os.environ.setdefault("GDAL_DATA", str(_wheel("pyogrio") / "gdal_data"))
os.environ.setdefault("PROJ_DATA", str(_wheel("pyogrio") / "proj_data"))

INSTALLED_APPS = [
    "backend.apps.BackendConfig",
    "leaflet",
    "csp",
    "backend.apps.CoalitionAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.postgres",
    "pgtrigger",
    "corsheaders",
    "django_filters",
    "rest_framework",
    "knox",
    "rest_framework_gis",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "backend.http.observing.ObservingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "backend.http.cors.CorsByPath",
    "backend.http.overload.OverloadMiddleware",
    "backend.http.middleware.PageMiddleware",
]
# Around pages alone, by the one above.
PAGE_MIDDLEWARE = [
    # Before static files, so that pages among them have the policy too.
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
# These checks look in MIDDLEWARE alone, for what PAGE_MIDDLEWARE has: sessions, users and messages
# for the admin; its protection from other pages' frames and forms.
SILENCED_SYSTEM_CHECKS = [
    "admin.E408",
    "admin.E409",
    "admin.E410",
    "security.W002",
    "security.W003",
]

ROOT_URLCONF = "backend.urls"
WSGI_APPLICATION = "backend.wsgi.application"
# Paths have no trailing slash; one with it is another path, and not found.
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": name}
    for name in (
        "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "django.contrib.auth.password_validation.MinimumLengthValidator",
        "django.contrib.auth.password_validation.CommonPasswordValidator",
        "django.contrib.auth.password_validation.NumericPasswordValidator",
        "backend.http.signing_in.TokensEndWithPassword",
    )
]
# Through it goes every password that anybody is asked for: the API's and the admin's.
AUTHENTICATION_BACKENDS = ["backend.http.signing_in.LimitedBackend"]
# A working day. To be used does not renew a token, for that would be a write for each read.
REST_KNOX = {"TOKEN_TTL": timedelta(hours=10), "AUTO_REFRESH": False}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"


def caches_of_answers(url: str) -> dict[str, dict[str, Any]]:
    """What this process keeps, and what is kept for all of them, if the URL is of such a cache.

    Valkey is spoken to as Redis is.
    """
    url = url.replace("valkey://", "redis://").replace("valkeys://", "rediss://")
    cache: dict[str, Any] = env.cache_url_config(url)
    if "Redis" in cache["BACKEND"]:
        cache["BACKEND"] = "backend.http.shared_cache.SharedCache"
        return caches_of_answers(OWN_CACHE) | {"shared": cache}
    # Of half a megabyte at most, as http/caching.py caches them.
    return {"default": cache | {"max_entries": 128}, "shared": env.cache_url_config(NO_CACHE)}


OWN_CACHE, NO_CACHE = "locmemcache://", "dummycache://"
CACHES = caches_of_answers(env.str("CACHE_URL", default=OWN_CACHE))

# A body larger than this is refused: a polygon of 10,000 vertices takes some 400 kB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024


REPLICA_URL = "DATABASE_REPLICA_URL"


def postgis(url_variable: str) -> dict[str, Any]:
    """The database at the URL in the environment, as it must be used behind pgBouncer."""
    database: dict[str, Any] = env.db_url(url_variable)
    hosts = str(database["HOST"]).count(",") + 1
    return database | {
        "ENGINE": "backend.database",
        # pgBouncer may give each transaction another server connection, on which a cursor
        # opened by an earlier one does not exist.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        # Connecting anew for each request costs more than most queries. One that a restart
        # of pgBouncer has closed is noticed and replaced.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # For each host: whoever waits has an answer within five seconds; for the replica, the
        # primary's.
        "OPTIONS": database.get("OPTIONS", {})
        | {"connect_timeout": 2 if url_variable == REPLICA_URL else max(2, 4 // hosts)},
    }


# What anybody may see is read over a connection of its own, as a role that can see nothing else.
DATABASE_ROUTERS = ["backend.database.routing.PublicRouter"]


# The connection `replica` is optional: a standby that answers the public in the primary's place.
# One that is further behind is not asked.
REPLICA_MAX_LAG_SECONDS = env.float("REPLICA_MAX_LAG_SECONDS", default=10.0)
# Where the processes of one server keep what they have shown.
REPLICA_FOLDER = shared_folder("replica") if env.str(REPLICA_URL, default="") else ""

# What the admin's map shows.
TILE_SERVER = "https://tile.openstreetmap.org"
LEAFLET_CONFIG = {
    "DEFAULT_CENTER": (38.5, -76.5),
    "DEFAULT_ZOOM": 7,
    "RESET_VIEW": False,
    "TILES": [
        (
            "OpenStreetMap",
            f"{TILE_SERVER}/{{z}}/{{x}}/{{y}}.png",
            {
                "attribution": (
                    '&copy; <a href="https://www.openstreetmap.org/copyright">OpenStreetMap</a>'
                ),
                # The server refuses whoever does not say where they come from.
                "referrerPolicy": "strict-origin",
            },
        )
    ],
}

# What is public is for pages of every origin, and no cookie is ever sent along. What staff do is
# for the frontends named in the environment: http/cors.py tells the two apart.
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOWED_ORIGINS = env.list("FRONTEND_ORIGINS", default=[])
CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
CORS_ALLOW_HEADERS = [
    *default_headers,
    "idempotency-key",
    "if-match",
    "if-none-match",
    "preview-token",
]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Link",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "Idempotency-Replayed",
    "X-Request-ID",
]
CORS_PREFLIGHT_MAX_AGE = 24 * 60 * 60

# Where links in mails lead: to the frontend, or to the pages that this API has of its own.
LINKS_URL = (env.str("FRONTEND_URL", default="") or env.str("PUBLIC_URL", default="")).rstrip("/")

# What mails say of who sends them. Laws of many states ask for a postal address.
COALITION_NAME = env.str("COALITION_NAME", default="Coalition Builder")
COALITION_ADDRESS = env.str("COALITION_ADDRESS", default="", multiline=True)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="coalition@localhost")
EMAIL_REPLY_TO = env.str("EMAIL_REPLY_TO", default="")
# The topics by which SES tells of bounces and complaints.
SNS_TOPIC_ARNS = env.list("SNS_TOPIC_ARNS", default=[])
# A server that does not answer holds up the worker no longer than this, in seconds.
EMAIL_TIMEOUT = 10
EMAIL_FILE_PATH = SES_REGION = ""


def mail_transport(url: str) -> dict[str, Any]:
    """The settings for EMAIL_URL: smtp, smtp+tls, smtps, ses or file."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return {"EMAIL_BACKEND": "backend.mail.files.EmailBackend", "EMAIL_FILE_PATH": parts.path}
    if parts.scheme == "ses":
        return {"EMAIL_BACKEND": "backend.mail.ses.EmailBackend", "SES_REGION": parts.netloc}
    if parts.scheme not in {"smtp", "smtp+tls", "smtps"}:
        sys.exit(
            "EMAIL_URL must begin with smtp://, smtp+tls:// (STARTTLS), smtps://, ses:// or "
            f"file://, not {parts.scheme or 'nothing'}."
        )
    transport: dict[str, Any] = env.email_url_config(url)
    is_smtps = parts.scheme == "smtps"
    return transport | {
        "EMAIL_PORT": transport["EMAIL_PORT"] or {"smtp": 25, "smtps": 465}.get(parts.scheme, 587),
        # From the first byte (RFC 8314, section 3), or else after STARTTLS.
        "EMAIL_USE_SSL": is_smtps,
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
    }


# Where images are kept, and below which URL everybody sees them: settings/images.py.
IMAGE_STORE: dict[str, Any] = {}
IMAGES_PUBLIC_URL = ""

# Granian's own variable: how many requests a worker answers at once.
WORKER_THREADS = env.int("GRANIAN_BLOCKING_THREADS", default=1)
# Where the workers of a machine answer /health/… beside those threads; 0 is nowhere else.
HEALTH_PORT = env.int("HEALTH_PORT", default=0)

# Networks of the proxies whose X-Forwarded-For is believed.
TRUSTED_PROXIES = tuple(env.list("TRUSTED_PROXIES", default=[]))


def _limit(name: str, default: str) -> tuple[int, int]:
    """How many in how many seconds, from a variable such as `20/600`."""
    text: str = env.str(f"LIMIT_{name.upper()}", default=default)
    try:
        quota, seconds = map(int, text.split("/"))
    except ValueError:
        quota = seconds = 0
    if min(quota, seconds) < 1:
        sys.exit(f"LIMIT_{name.upper()} must be a number and seconds, such as {default}: {text!r}.")
    return quota, seconds


LIMITS = {
    name: _limit(name, default)
    for name, default in {
        # Requests that write, and submissions, of one address, or of one IPv6 network of 64 bits.
        "requests": "300/300",
        "address": "20/600",
        # Mails that an e-mail address is sent because somebody named it.
        "mails": "5/86400",
        # Wrong passwords: of one account, whether there is one or not, and from one address.
        "account": "10/900",
        "guesses": "50/900",
        # Submissions of one campaign that are more than usual: nothing is refused.
        "campaign": "500/3600",
    }.items()
}

# What a page may load and do, the admin's included. Scripts and styles that stand in a page
# need its nonce, which the header names if a page uses it.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", TILE_SERVER],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

REST_FRAMEWORK = {
    # What is public depends on nobody who asks, so nobody is looked up; and a view that does not
    # say who may call it lets nobody in.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["backend.http.permissions.Nobody"],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["backend.http.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "backend.http.openapi.OperationSchema",
    "EXCEPTION_HANDLER": "backend.http.errors.problem_response",
    "URL_FORMAT_OVERRIDE": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Coalition Builder API",
    "VERSION": "1.0.0",
    "DESCRIPTION": "The headless backend of an advocacy coalition.",
    "LICENSE": {
        "name": "Apache-2.0",
        "url": "https://www.apache.org/licenses/LICENSE-2.0",
    },
    "CONTACT": {
        name: value
        for name in ("name", "url", "email")
        if (value := env.str(f"CONTACT_{name.upper()}", default=""))
    },
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": r"/api/v[0-9]+",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVERS": [{"url": "/", "description": "The server this document came from."}],
    "TAGS": [
        {"name": "homepage", "description": "What the coalition says of itself."},
        {"name": "campaigns", "description": "The policies it wants, and who endorses them."},
        {"name": "stakeholders", "description": "Who supports it, on a map."},
        {"name": "endorsements", "description": "How to endorse a campaign."},
        {"name": "me", "description": "What is held about a supporter, for themselves."},
        {"name": "legal", "description": "What supporters agree to."},
        {"name": "service", "description": "The service itself."},
    ],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "backend.http.openapi.describe",
        "backend.api.feature_schemas.add_feature_schemas",
        "backend.supporter.own_data_openapi.add_own_data_schemas",
        "backend.api.examples.add_examples",
    ],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "StakeholderType": "backend.models.stakeholder.Stakeholder.Type",
        "BlockType": "backend.models.homepage.ContentBlock.BlockType",
        "ExportResource": "backend.models.transfers.Export.Resource",
        "State": "backend.models.us_states.State",
        "EndorsementStatus": "backend.models.endorsement.Endorsement.Status",
    },
}


# A statement that takes longer is in the log, by the operation that it served.
SLOW_QUERY_MS = env.int("SLOW_QUERY_MS", default=500)

# Where Prometheus is answered; 0 is nowhere. Never where the API is.
METRICS_PORT = env.int("METRICS_PORT", default=0)
METRICS_HOST = env.str("METRICS_HOST", default="127.0.0.1")
if METRICS_PORT:
    share_counts()


def logging_config(*, as_json: bool) -> dict[str, Any]:
    """Lines for people, who hear of requests that failed; or JSON for programs, of what was written
    or refused too, and with LOG_READS of each request.
    """
    requests = "DEBUG" if env.bool("LOG_READS", default=False) else "INFO"
    line = {"format": "{asctime} {levelname} {name} {message}", "style": "{"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": "backend.observing.logs.JsonLines"} if as_json else line,
        },
        "filters": {"private": {"()": "backend.observing.private_values.WithoutPrivateValues"}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["private"],
            }
        },
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "backend.http.observing": {"level": requests if as_json else "WARNING"},
            # Its own handlers mail administrators or print only while DEBUG is on.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            # They name paths, in which there may be ids of people: backend.http tells of requests,
            # and of what failed, by the template of the path.
            "django.request": {"level": "CRITICAL"},
            "django.security.csrf": {"level": "CRITICAL"},
            # At DEBUG it writes what AWS answers, a secret's value included; at INFO, each time,
            # where it found its credentials.
            "botocore": {"level": "WARNING"},
        },
    }
