"""The settings of the site, with engines that make trouble, and a shorter lease where a test asks for it."""

from stylesite.settings import *  # noqa: F403
from stylesite.settings import INSTALLED_APPS, STORAGES, env

INSTALLED_APPS = ["tests.faults.apps.TroubleConfig", *INSTALLED_APPS]
LEASE_SECONDS = env.number("FAULTS_LEASE_SECONDS", 30, low=1, high=30)
HEARTBEAT_SECONDS = min(5, LEASE_SECONDS / 3)
REAP_SECONDS = min(15, LEASE_SECONDS / 2)
RETRY_SECONDS = env.number("FAULTS_RETRY_SECONDS", 5, low=0, high=5)
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
