"""Django's settings.

Everything a deployment may choose comes from the environment; the defaults are safe alone.
"""

import os
import secrets
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent

# Where the database and the generated key live when the environment names no other place.
DATA_DIR = Path(os.environ.get("EVENKEEL_DATA_DIR", "var")).resolve()

DEMO = os.environ.get("EVENKEEL_DEMO") == "1"


def _secret_key() -> str:
    """Take the key from the environment, or make one on first start that only this user can read."""
    given = os.environ.get("EVENKEEL_SECRET_KEY")
    if given:
        return given
    kept = DATA_DIR / "secret_key"
    if not kept.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        made = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "w") as file:
            file.write(secrets.token_urlsafe(64))
    return kept.read_text()


def _file(name: str) -> Path | None:
    """Take a path from the environment, or None where none is named."""
    return Path(os.environ[name]).resolve() if os.environ.get(name) else None


SECRET_KEY = _secret_key()
DEBUG = False
ALLOWED_HOSTS = os.environ.get("EVENKEEL_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("EVENKEEL_ORIGINS", "").split(",") if origin]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "evenkeel.store",
    "evenkeel.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "evenkeel.web.compression.Files",
    "evenkeel.web.lanes.Lanes",
    "evenkeel.web.compression.Pages",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "evenkeel.web.middleware.AutomaticLogoff",
    "evenkeel.web.middleware.SecondFactor",
    "evenkeel.web.middleware.Policy",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "evenkeel.config.urls"
ASGI_APPLICATION = "evenkeel.config.asgi.application"

TEMPLATES = [
    {
        "NAME": "jinja2",
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [PACKAGE / "web" / "templates"],
        "OPTIONS": {
            "environment": "evenkeel.web.jinja.environment",
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "evenkeel.web.context.everywhere",
            ],
        },
    },
    {
        # Only allauth's messages use Django's template language.
        "NAME": "django",
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates_django"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "evenkeel.web.context.everywhere",
            ],
        },
    },
]

# --- database -----------------------------------------------------------------------------------------------

DATABASE_URL = os.environ.get("EVENKEEL_DATABASE_URL") or f"sqlite:///{DATA_DIR / 'evenkeel.sqlite3'}"
DATABASES = {"default": dict(dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True))}

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    Path(str(DATABASES["default"]["NAME"])).parent.mkdir(parents=True, exist_ok=True)
    # A kept connection could carry a slow page into the next request's transaction; SQLite opens at once.
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"]["ENGINE"] = "evenkeel.store.sqlite"
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
            "PRAGMA recursive_triggers=ON; PRAGMA foreign_keys=ON;"
        ),
    }
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # Without a limit a page would wait for a lock for ever; SQLite's is the same. Proposal.
    _given: Any = DATABASES["default"].get("OPTIONS", {})
    DATABASES["default"]["OPTIONS"] = {"options": "-c lock_timeout=20s", **_given}
else:
    raise ImproperlyConfigured("EVENKEEL_DATABASE_URL must name an SQLite file or a PostgreSQL database.")

# --- people -------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "store.Clinician"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = (
    ["evenkeel.config.demo_hasher.DemoPasswordHasher"]
    if DEMO
    else [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
)
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        # It compares letters without their order, so a long printed name resembles many a good password.
        "OPTIONS": {"user_attributes": ("username", "printed_name"), "max_similarity": 0.85},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "evenkeel.web.accounts.ClinicAccounts"
ACCOUNT_FORMS = {"login": "evenkeel.web.accounts.SignInForm"}
# Allauth's pages are made with our own layouts and macros, like every other page.
ACCOUNT_TEMPLATE_EXTENSION = "html.jinja"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# A whole clinic shares one address, so what allauth counts by address is wide; single accounts are guarded
# by the lockout below, which trips first and says until when.
ACCOUNT_RATE_LIMITS = {"login": "300/m/ip", "login_failed": "10/300s/key"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Evenkeel"
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO
# A clinic shares one address, so lockout goes by user name; by address it would shut everybody out.
AXES_LOCKOUT_PARAMETERS = ["username"]
# axes would rather lock by address as well, and says so at every start.
SILENCED_SYSTEM_CHECKS = ["axes.W006"]
AXES_USERNAME_CALLABLE = "evenkeel.store.queries.people.lockout_name"
AXES_FAILURE_LIMIT = 5  # proposal
AXES_COOLOFF_TIME = 0.25  # hours; proposal
# Trying on during a lockout does not make it longer, so that the time that is shown stays true.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "evenkeel.web.accounts.locked_out"
# Automatic logoff after this long without a request (45 CFR 164.312(a)(2)(iii); the figure is a proposal).
IDLE_LOGOFF_MINUTES = int(os.environ.get("EVENKEEL_IDLE_LOGOFF_MINUTES", "15"))
# However busy a session is, it ends some time after the sign-in: a long working day. Proposal.
SESSION_HOURS_MAX = 14
SESSION_COOKIE_AGE = SESSION_HOURS_MAX * 3600
SECOND_FACTOR_ROLES = frozenset() if DEMO else frozenset({"prescriber", "registrant"})

# --- safety of the transport --------------------------------------------------------------------------------

SECURE_BEHIND_PROXY = os.environ.get("EVENKEEL_HTTPS") == "1"
if SECURE_BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_BEHIND_PROXY
# A name that browsers accept from this host alone, over an encrypted connection alone (ASVS 5, 3.3.1).
COOKIE_PREFIX = "__Host-" if SECURE_BEHIND_PROXY else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}forms"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "evenkeel.web.errors.csrf_failure"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- everything else ----------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
USE_I18N = True
USE_TZ = True
# The clinic's zone, in which times are shown and typed; everything stored is UTC.
TIME_ZONE = os.environ.get("EVENKEEL_TIME_ZONE", "America/New_York")

STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

# A folder with the wording of rating scales that the clinic has a license for; without one, none is loaded.
SCALE_TEXTS = Path(os.environ["EVENKEEL_SCALE_TEXTS"]) if os.environ.get("EVENKEEL_SCALE_TEXTS") else None

# Where the packs for paper lie: best a folder that is copied to a machine with its own power and printer.
DOWNTIME_DIR = Path(os.environ.get("EVENKEEL_DOWNTIME_DIR") or DATA_DIR / "downtime").resolve()

MLLP_HOST = os.environ.get("EVENKEEL_MLLP_HOST", "127.0.0.1")
MLLP_PORT = int(os.environ.get("EVENKEEL_MLLP_PORT", "2575"))
# PEM files for TLS on that socket, and of the authority that signs monitors' own certificates.
MLLP_CERTIFICATE = _file("EVENKEEL_MLLP_CERTIFICATE")
MLLP_KEY = _file("EVENKEEL_MLLP_KEY")
MLLP_CLIENT_AUTHORITY = _file("EVENKEEL_MLLP_CLIENT_AUTHORITY")
# Whether the socket may be plain where other machines reach it.
MLLP_PLAIN = os.environ.get("EVENKEEL_MLLP_PLAIN") == "1"

# Addresses hold references, never names; request bodies and payloads are never logged.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"evenkeel": {"level": "INFO"}, "axes": {"level": "ERROR"}},
}
