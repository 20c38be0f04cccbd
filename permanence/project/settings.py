# SPDX-License-Identifier: AGPL-3.0-or-later
"""Django's settings, derived from the house's configuration (`permanence.project.config`).

Without `PERMANENCE_DATA` they fall back to the data folder `var/demo`, so that tools (mypy) can import them; nothing is
written at import. A process that serves asks for `SECRET_KEY`, and fails when the key file is missing.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from django.utils.csp import CSP

from permanence.project.config import Configuration, configuration, read_file
from permanence.project.demo_cast import DEMONSTRATION_LOGINS

PACKAGE = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("PERMANENCE_DATA") or PACKAGE.parent / "var" / "demo").resolve()
PERMANENCE: Configuration = configuration(DATA, file=read_file(DATA), environment=os.environ)
DEMONSTRATION = PERMANENCE.demonstration
SECURE = bool(PERMANENCE.public_host)
PERMANENCE_WEB_URL = PERMANENCE.web_url
PERMANENCE_DEMO_LOGINS = DEMONSTRATION_LOGINS if DEMONSTRATION and not PERMANENCE.is_seen_from_elsewhere else ()

SECRET_KEY = PERMANENCE.django_key.read_text(encoding="utf-8").strip() if PERMANENCE.django_key.exists() else ""
DEBUG = False
ALLOWED_HOSTS = sorted(
    {"localhost", "127.0.0.1", "[::1]", PERMANENCE.public_host or "localhost", PERMANENCE.web_host}
    | ({"*"} if PERMANENCE.web_host in {"0.0.0.0", "::"} and not SECURE else set())
)

INSTALLED_APPS = [
    "permanence.foundation",
    "permanence.staff",
    "permanence.clients",
    "permanence.callers",
    "permanence.calls",
    "permanence.switchboard",
    "permanence.agenda",
    "permanence.messaging",
    "permanence.dispatch",
    "permanence.privacy",
    "permanence.console",
    "permanence.portal",
    "permanence.supervision",
    "permanence.backstage",
    "permanence.booking",
    "permanence.project",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "permanence.foundation.middleware.SignedInMiddleware",
    "permanence.foundation.middleware.HouseClock",
    "permanence.foundation.access.RefusalsInTheTrail",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "permanence.project.urls"
WSGI_APPLICATION = None
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "permanence.foundation.context.house",
                "permanence.portal.context.waiting",
            ]
        },
    }
]

FORM_RENDERER = "permanence.foundation.form_renderer.QuickRenderer"


def database(settings: Configuration) -> dict[str, Any]:
    """The database: embedded SQLite in the data folder, or PostgreSQL by `postgresql://user:password@host:port/name`.

    SQLite's file must be there (`prepare` makes it): a process that made an empty one where the house's is missing
    would leave a journal beside it that spoils the real one when it is put back. A percent-encoded folder as host is
    that of PostgreSQL's Unix socket.
    """
    if not settings.database_url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": f"file:{quote(str(settings.database))}?mode=rw",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 5,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    url = urlsplit(settings.database_url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path.lstrip("/"),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": _host(url.netloc),
        "PORT": str(url.port or ""),
        "CONN_MAX_AGE": None,
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 5},
    }


def _host(netloc: str) -> str:
    """The host as written: `urlsplit` gives it in small letters, which a folder's name does not survive."""
    host = netloc.rpartition("@")[2]
    return unquote(host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0])


DATABASES = {"default": database(PERMANENCE)}

AUTH_USER_MODEL = "foundation.Person"
AUTHENTICATION_BACKENDS = ["permanence.foundation.authentication.PersonBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
OPEN_PAGES = frozenset(
    {
        "home",
        "login",
        "logout",
        "language",
        "theme",
        "alive",
        "invitation",
        "calendar_feed",
        "dav",
        "dav_inside",
        "dav_discovery",
    }
) | {
    f"booking:{page}"
    for page in ("page", "times", "form", "code", "visit", "calendar", "move", "cancel", "offer", "reminder")
}
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login"

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [str(PACKAGE.parent / "locale")]
FORMAT_MODULE_PATH = "permanence.foundation.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 60


SESSION_COOKIE_NAME = "permanence_session"
SESSION_COOKIE_AGE = 14 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
CSRF_TRUSTED_ORIGINS = [f"https://{PERMANENCE.public_host}"] if SECURE else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin" if SECURE else None
X_FRAME_OPTIONS = "DENY"


def sockets(settings: Configuration) -> list[str]:
    """The addresses of the line's websocket a page may open, as sources of the content security policy."""
    if settings.public_host:
        return [f"wss://{settings.public_host}"]
    hosts = {origin.removeprefix("http://").rsplit(":", 1)[0] for origin in settings.origins} | {"localhost"}
    return [
        f"ws://{host}:{port}"
        for host in sorted(hosts)
        if "[" not in host
        for port in (settings.web_port, settings.line_port)
    ]


SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:"],
    "media-src": [CSP.SELF, "blob:"],
    "connect-src": [CSP.SELF, *sockets(PERMANENCE)],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "permanence.foundation.logs.WithoutRows", "format": "%(levelname)s %(name)s: %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
