"""One settings file for every deployment, driven by the environment.

A secret may be given as `NAME` or as `NAME_FILE` (a file that holds it). A missing or wrong value fails at
start with a sentence that says what to set. The defaults suit a deployment behind HTTPS; `manage.py up`
relaxes them for a laptop on the loopback address.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from config.databases import build_database_settings
from config.logging import logging_config
from config.serving.content_security import CONTENT_SECURITY_POLICY as CONTENT_SECURITY_POLICY
from config.trusted_proxy import read_trusted_proxy

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def read_secret(name: str, default: str = "") -> str:
    """Return the value of `name`, or the content of `name_FILE`'s file."""
    path = os.environ.get(f"{name}_FILE")
    if path and name not in os.environ:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE points at {path}, which cannot be read: {error}"
            ) from error
    return os.environ.get(name, default)


DATABASE_URL = read_secret("DATABASE_URL")
REDIS_URL = read_secret("REDIS_URL", "redis://127.0.0.1:6379/0")
#: True while only tooling (checks, makemigrations, type checks) loads the settings: nothing is served without a database.
TOOLING = not DATABASE_URL

SECRET_KEY = read_secret("SECRET_KEY")
if not SECRET_KEY:
    if not TOOLING:
        raise ImproperlyConfigured("Set SECRET_KEY (or SECRET_KEY_FILE) to a long random string.")
    SECRET_KEY = "tooling-only-" + "0123456789abcdef" * 4
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
#: Fernet keys for credentials, newest first. They are kept outside the database; older keys still decrypt.
CREDENTIAL_KEYS = [key.strip() for key in read_secret("CREDENTIAL_KEYS").split(",") if key.strip()]
if not CREDENTIAL_KEYS and not TOOLING:
    raise ImproperlyConfigured(
        "Set CREDENTIAL_KEYS (or CREDENTIAL_KEYS_FILE) to one or more Fernet keys, newest first, separated by commas."
    )

DEBUG = env.bool("DEBUG", default=False)
HTTPS = env.bool("HTTPS", default=True)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

TRUSTED_PROXY = read_trusted_proxy(
    env.str("TRUSTED_PROXY", default=""), env.bool("BEHIND_PROXY", default=False)
)

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "reports",
    "inbox",
    "routing",
    "accounts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django_htmx",
    "template_partials",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
]
if oidc_server := os.environ.get("OIDC_SERVER_URL"):
    INSTALLED_APPS.append("allauth.socialaccount.providers.openid_connect")

MIDDLEWARE = [
    "config.middleware.security_headers",
    "config.middleware.readable_text_only",
    "config.middleware.ordinary_methods_only",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.static_files",
    "config.health.health_checks",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "accounts.middleware.lead_scripts",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.attribute_changes",
    "accounts.middleware.show_own_times",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "accounts.middleware.record_presence",
    "config.middleware.BusyDatabaseMiddleware",
    "reports.views.building.BeingBuiltMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
            "builtins": ["heroicons.templatetags.heroicons", "wording.filters"],
        },
    }
]

DATABASES = {"default": build_database_settings(env, DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    alias: {
        "BACKEND": f"config.caches.{backend}",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": env.str("CACHE_PREFIX", default="hs"),
    }
    for alias, backend in (("default", "PatientCache"), ("sessions", "SessionCache"))
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_CACHE_ALIAS = "sessions"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
CSRF_FAILURE_VIEW = "accounts.views.expired_form.refuse_expired_form"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
# Wrong passwords are counted in `accounts.sign_in.limits`. What is left of "login_failed" counts codes of a second factor.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": "5/5m/key"}
# Without it, whoever types a stranger's address has a mail sent there, which invites them to sign up.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Not by a code: mail may not be set up.
ACCOUNT_REAUTHENTICATION_METHODS = ("password", "mfa")
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"] if env.bool("MFA", default=False) else []
MFA_TOTP_ISSUER = "Horseshoe"
# Administrators enter people's addresses: none is verified by mail.
MFA_ALLOW_UNVERIFIED_EMAIL = True
#: Administrators and people whose role may publish must set up a second factor before anything else.
SECOND_FACTOR_REQUIRED = env.bool("MFA_REQUIRED", default=False)
if SECOND_FACTOR_REQUIRED and not MFA_SUPPORTED_TYPES:
    raise ImproperlyConfigured("MFA_REQUIRED needs MFA=1: nobody could set up a second factor.")
# The company's identity provider is trusted: the address that it names identifies the user.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
# Sign in by a link: `form-action` of the Content-Security-Policy stops a form that leads to another site.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
if oidc_server:
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "APPS": [
            {
                "provider_id": "company",
                "name": env.str("OIDC_NAME", default="Company sign-in"),
                "client_id": env.str("OIDC_CLIENT_ID"),
                "secret": read_secret("OIDC_CLIENT_SECRET"),
                "settings": {"server_url": oidc_server},
            }
        ]
    }

#: The mail server, as smtp+tls://user:password@host:587; "" when Horseshoe sends no mail.
EMAIL_URL = read_secret("EMAIL_URL")
vars().update(environ.Env.email_url_config(EMAIL_URL or "dummymail://"))
#: The address of the site in mails, without a slash at the end.
SITE_URL = env.str(
    "SITE_URL", default=f"{'https' if HTTPS else 'http'}://{(ALLOWED_HOSTS or ['localhost'])[0].lstrip('*.')}"
).rstrip("/")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="horseshoe@localhost")

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
#: The company's zone: that of reports and leave, and of times on pages for whoever has chosen no other. Stored times
#: are always UTC.
DISPLAY_TIME_ZONE = env.str("DISPLAY_TIME_ZONE", default="UTC")
#: So many customers who talk with each other in public and report the same topic are an alert; fewer than three never are.
LINKED_CUSTOMERS_ALERT = max(env.int("LINKED_CUSTOMERS_ALERT", default=5), 3)

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": env.str(
            "STATICFILES_BACKEND", default="servestatic.storage.CompressedManifestStaticFilesStorage"
        )
    },
}

SECURE_SSL_REDIRECT = HTTPS and env.bool("SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
#: Bytes that the body of a request may have. Pages that take files have limits of their own (`config.asgi`).
REQUEST_BODY_BYTES = env.int("REQUEST_BODY_BYTES", default=2_000_000)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

#: Pages that one web process handles at once; others wait. More than a few only slow each other down.
PAGE_THREADS = env.int("PAGE_THREADS", default=2)
if PAGE_THREADS < 1:
    raise ImproperlyConfigured("PAGE_THREADS must be 1 or more.")

CELERY_BROKER_URL = REDIS_URL
#: Base addresses in place of a network's own; "" for the network itself.
NETWORK_API_URLS = {
    "x": env.str("X_API_URL", default=""),
    "facebook": env.str("GRAPH_API_URL", default=""),
}
X_CLIENT_ID = env.str("X_CLIENT_ID", default="")
X_CLIENT_SECRET = read_secret("X_CLIENT_SECRET")
FACEBOOK_APP_ID = env.str("FACEBOOK_APP_ID", default="")
FACEBOOK_APP_SECRET = read_secret("FACEBOOK_APP_SECRET")
#: Whether a network has granted our application to answer direct messages later than usual.
ANSWERS_LATE = {"facebook": env.bool("FACEBOOK_HUMAN_AGENT", default=False)}

#: Seconds that an answer waits in the outbox, during which its author can take it back.
UNDO_SECONDS = env.int("UNDO_SECONDS", default=10)
#: Seconds that one attempt to send may take before its worker counts as dead; longer than a connector's longest wait.
OUTBOX_LEASE_SECONDS = env.float("OUTBOX_LEASE_SECONDS", default=90.0)
#: Processes that send answers, on all machines together. The last one that is free waits for no network for long.
SEND_WORKERS = env.int("SEND_WORKERS", default=4)
#: Hours that an answer may be held by a broken connection or an unwell network before a person has to read it again.
OUTBOX_HELD_HOURS = env.float("OUTBOX_HELD_HOURS", default=24.0)
#: Seconds before each check of an unconfirmed answer on the network; after the last check a person decides.
OUTBOX_CHECK_DELAYS = env.list("OUTBOX_CHECK_DELAYS", cast=float, default=[3.0, 12.0, 30.0, 45.0])
if OUTBOX_LEASE_SECONDS <= 0 or not OUTBOX_CHECK_DELAYS or min(OUTBOX_CHECK_DELAYS) < 0:
    raise ImproperlyConfigured("OUTBOX_LEASE_SECONDS and each of OUTBOX_CHECK_DELAYS must be above 0.")
#: Seconds between two polls of one stream: the shortest, and the longest when nothing happens.
POLL_INTERVAL_MIN = env.float("POLL_INTERVAL_MIN", default=60.0)
POLL_INTERVAL_MAX = env.float("POLL_INTERVAL_MAX", default=900.0)
#: Seconds that one page may take before its worker counts as dead. A third may pass before an enqueued task starts.
POLL_LEASE_SECONDS = env.float("POLL_LEASE_SECONDS", default=60.0)

LOGGING = logging_config(env.str("LOG_LEVEL", default="INFO"), json=env.bool("LOG_JSON", default=not DEBUG))
