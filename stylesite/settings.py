"""All settings, read from the environment. The defaults run a fresh clone on a laptop with no services."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from csp.constants import NONE, SELF

from stylesite import env

BASE_FOLDER = Path(__file__).resolve().parent.parent
DATA_FOLDER = env.folder("STYLESITE_DATA", BASE_FOLDER / "var")
PORT = env.whole_number("PORT", 8000, low=1, high=65535)
DEBUG = env.switch("STYLESITE_DEBUG")


def read_secret_key() -> str:
    """The key from the environment; else one made once and kept in the data folder."""
    if key := env.text("STYLESITE_SECRET_KEY"):
        return key
    path = DATA_FOLDER / "secret_key"
    if not path.exists():
        # Written beside and linked: two first starts at once agree on a key, and a killed one leaves none.
        with NamedTemporaryFile("w", dir=DATA_FOLDER, prefix="secret_key.") as file:  # readable by its owner alone
            file.write(secrets.token_urlsafe(64))
            file.flush()
            with suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text()


SECRET_KEY = read_secret_key()
ALLOWED_HOSTS = env.hosts("STYLESITE_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
HTTPS = env.switch("STYLESITE_HTTPS")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "ninja",
    "trainer",
    "tfapp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tfapp.people.SignInMiddleware",
    "tfapp.people.PersonMiddleware",
    "tfapp.menu.MenuMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "tfapp.views.errors.NotAllowedMiddleware",
]
ROOT_URLCONF = "stylesite.urls"
WSGI_APPLICATION = "stylesite.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_FOLDER / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": env.database(DATA_FOLDER / "stylesite.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Languages
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ko", "한국어")]
LOCALE_PATHS = [BASE_FOLDER / "stylesite" / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Files
STATIC_URL = "static/"
STATIC_ROOT = DATA_FOLDER / "static"
STATICFILES_DIRS = [BASE_FOLDER / "static"]
MEDIA_ROOT = DATA_FOLDER / "media"
TRAINING_ROOT = DATA_FOLDER / "training"  # datasets/, runs/, probes/ and versions/ lie there
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
X_ACCEL_PREFIX = env.text(
    "STYLESITE_X_ACCEL_PREFIX"
)  # where nginx serves MEDIA_ROOT internally; empty: Django sends it

# People
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "mine"
LOGOUT_REDIRECT_URL = "create"
SESSION_COOKIE_AGE = 365 * 24 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_HTTP_RESPONSE_CODE = 429
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True  # who came in when is nobody's business, and must not outlive an account
AXES_CLIENT_IP_CALLABLE = "tfapp.people.address"
AXES_LOCKOUT_CALLABLE = "tfapp.views.errors.locked_out"

# Browser security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "blob:", "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "tfapp.views.errors.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
CSRF_TRUSTED_ORIGINS = [f"https://{host.lstrip('.')}" for host in ALLOWED_HOSTS if host != "*"] if HTTPS else []

# Uploads: what is let in
UPLOAD_MAX_BYTES = env.whole_number("STYLESITE_UPLOAD_MAX_MB", 80, low=1, high=1000) * 2**20
UPLOAD_MAX_PIXELS = env.whole_number("STYLESITE_UPLOAD_MAX_MEGAPIXELS", 100, low=1, high=1000) * 10**6
UPLOAD_MAX_SIDE = 16_000
UPLOAD_MIN_SIDE = 16
UPLOAD_MAX_RATIO = 12  # longest side over shortest
_EFFORT = max(
    1, min(UPLOAD_MAX_PIXELS, UPLOAD_MAX_SIDE**2) / 60_000_000
)  # the next two suffice for 60 megapixels, held twice
UPLOAD_DECODE_SECONDS = round(20 * _EFFORT)  # processor time of one decoding process
UPLOAD_DECODE_MEMORY = round(2 * 2**30 * _EFFORT) + UPLOAD_MAX_BYTES  # its bytes of address space
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
DATA_UPLOAD_MAX_NUMBER_FILES = 8
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
FILE_UPLOAD_HANDLERS = [
    "tfapp.uploads.WholeBodyLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "tfapp.uploads.BesideThePictures",
]
UPLOAD_BODY_MAX_BYTES = 5 * UPLOAD_MAX_BYTES + DATA_UPLOAD_MAX_MEMORY_SIZE  # a photo and four styles
# Posters are painted in bands, by engines that can; all others paint in one piece, in memory that grows with it.
RESULT_MAX_SIDE = env.whole_number("STYLESITE_RESULT_MAX_SIDE", UPLOAD_MAX_SIDE, low=256, high=UPLOAD_MAX_SIDE)
PIECE_MAX_SIDE = min(RESULT_MAX_SIDE, env.whole_number("STYLESITE_PIECE_MAX_SIDE", 4096, low=256, high=8192))

# Datasets and versions of the training studio: what is let in
VERSION_MAX_BYTES = 300 * 2**20  # of an exported version, packed or not
DATASET_MAX_BYTES = env.whole_number("STYLESITE_DATASET_MAX_GB", 20, low=1, high=100_000) * 2**30  # packed or not
DATASET_MAX_PICTURES = env.whole_number("STYLESITE_DATASET_MAX_PICTURES", 250_000, low=1, high=10_000_000)  # all files
DATASET_MAX_PIXELS = env.whole_number("STYLESITE_DATASET_MAX_MEGAPIXELS", 60, low=1, high=1000) * 10**6
DATASET_KEEP_SECONDS = 24 * 3600  # an upload that nobody went on with

# Limits on people; STYLESITE_LIMITS scales all of them, 0 switches them off
LIMITS_FACTOR = env.number("STYLESITE_LIMITS", 1, low=0, high=1_000_000)
LIMIT_ACTIVE_JOBS = 3
LIMIT_ACTIVE_JOBS_VISITORS = 40  # of all visitors behind one address: a class, each with one
LIMIT_MIXES = 12  # of a person; one more clears the oldest away
LIMITS_OF_A_PERSON = {"jobs": 30, "upload": 300, "preview": 30_000, "mask": 3000}  # a hand on a slider is quick
LIMITS_OF_AN_ADDRESS = {
    "jobs_visitors": 300,
    "upload_visitors": 3000,
    "preview_visitors": 600_000,
    "mask_visitors": 60_000,
    "visitor": 100,
    "sign_up": 40,
    "sign_up_form": 400,
    "sign_in": 60,
    "report": 40,
    "download": 400,
}
LIMITS_PER_HOUR = LIMITS_OF_A_PERSON | LIMITS_OF_AN_ADDRESS
AXES_ENABLED = LIMITS_FACTOR > 0

# Engines
EMOJI_CHECKPOINT = env.text("STYLESITE_EMOJI_CHECKPOINT")  # a folder, in place of the shipped weights
PAINTER_CHECKPOINT = env.text("STYLESITE_PAINTER_CHECKPOINT")
ENGINES = env.words("STYLESITE_ENGINES", "adain,tfhub,tflite,gatys,emoji,painter,photograph,texture")
PRELOAD = env.words("STYLESITE_PRELOAD")
TFHUB_HANDLE = env.text(
    "STYLESITE_TFHUB_HANDLE", "https://tfhub.dev/google/magenta/arbitrary-image-stylization-v1-256/2"
)
TEACHERS = env.absolute("STYLESITE_TEACHERS")  # a folder, in place of a download
TFLITE_FOLDER = env.absolute("STYLESITE_TFLITE_FOLDER")
FEATURES = env.features("STYLESITE_FEATURES")
DEVICE = env.device("STYLESITE_DEVICE")
TOGETHER = env.whole_number("STYLESITE_TOGETHER", 0, low=0, high=16)  # pictures painted at once; 0: the engine knows

# Jobs: seconds, after the measurements in docs/decisions/0002
REDIS_URL = env.redis_url()
LEASE_SECONDS = 30
HEARTBEAT_SECONDS = 5
REAP_SECONDS = 15
ANNOUNCE_AGAIN_SECONDS = 30
POLL_SECONDS = 0.1  # a waiting visitor feels half a second; ten looks a second cost a worker 1 % of a core
HUNG_SECONDS = env.whole_number("STYLESITE_HUNG_SECONDS", 240, low=2, high=86_400)  # without progress
RETRY_SECONDS = 5  # before the second attempt, twice as long before the third, when a failure may pass
MAX_ATTEMPTS = 3
WORKER_ALIVE_SECONDS = 20
INCOMING_KEEP_SECONDS = 3600
MIX_KEEP_SECONDS = env.whole_number("STYLESITE_MIX_KEEP_HOURS", 24, low=1, high=8760) * 3600  # after its last use

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "tfapp": {"level": "INFO"},
        "stylesite": {"level": "INFO"},
        "trainer": {"level": "INFO"},
    },
}
