"""The WSGI door that gunicorn opens. Only a web server comes through it, so the decoding of uploads starts here."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stylesite.settings")
application = get_wsgi_application()

from tfapp import images  # noqa: E402  it knows models, which may be imported only now

images.warm()
