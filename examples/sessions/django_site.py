"""
A Django site with its own log-in, and the two things that a server of sockets beside it needs: a question it can ask,
and to be told what has ended. The rest is Django as it comes; django.ts beside this file is the server.

    export SECRET_KEY=$(openssl rand -hex 32) INTERNAL_SECRET=$(openssl rand -hex 32)
    python3 django_site.py migrate
    python3 django_site.py createsuperuser
    python3 django_site.py runserver 8001
"""

import logging
import os
import sys
import urllib.parse
import urllib.request

from django.conf import settings

SOCKETS = os.environ.get("SOCKETS", "http://localhost:8002")
AUTHORIZATION = "Bearer " + os.environ["INTERNAL_SECRET"]

FORM = "<!doctype html><form method=post>{% csrf_token %}{{ form }} <button>Go</button></form>"
HOME = """<!doctype html><title>Site</title>
{% if user.is_authenticated %}
<p>{{ user.get_username }}: <output>connecting</output>. <a href="/password">Change the password</a></p>
<form method=post action="/logout">{% csrf_token %}<button>Log out</button></form>
<script>
  // Behind nginx "/chat"; without it the cookie goes along all the same, since cookies know no ports.
  const socket = new WebSocket("{{ sockets }}/chat".replace("http", "ws"));
  const say = (text) => document.querySelector("output").textContent = text;
  socket.onmessage = ({ data }) => say(data);
  socket.onclose = ({ code, reason }) => say(code + " " + reason);
</script>
{% else %}<a href="/login">Log in</a>{% endif %}"""

settings.configure(
    SECRET_KEY=os.environ["SECRET_KEY"],
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DATABASE", "django_site.sqlite3"),
    }},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        __name__ + ".EndSockets",  # after both that it reads from
    ],
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [("django.template.loaders.locmem.Loader", {"form.html": FORM, "home.html": HOME})],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ],
        },
    }],
    LOGIN_REDIRECT_URL="/",
)

import django

django.setup()

from django.contrib.auth import get_user, views
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import execute_from_command_line
from django.http import HttpResponseForbidden, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt


class EndSockets:
    """
    Tells the server of sockets about each session that somebody was logged in by and that is no more: after a log-out, and
    after a new log-in or password, when Django gives the session another key.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        key = request.session.session_key if request.user.is_authenticated else None
        response = self.get_response(request)
        if key is not None and request.session.session_key != key:
            tell_ended(key)  # This is the line.
        return response


def tell_ended(key):
    data = urllib.parse.urlencode({"session": key}).encode()
    request = urllib.request.Request(SOCKETS + "/internal/ended", data, {"Authorization": AUTHORIZATION})
    try:
        urllib.request.urlopen(request, timeout=2).close()
    except OSError as error:
        # Nobody has to stay logged in for this: the server asks from time to time.
        logging.warning("The server of sockets was not told that a session has ended: %s", error)


@csrf_exempt  # No browser asks this.
def session(request):
    """Who is logged in by a session, and until when; null: nobody, or an account that was closed."""
    if not constant_time_compare(request.headers.get("Authorization", ""), AUTHORIZATION):
        return HttpResponseForbidden()
    key = request.POST.get("session", "")
    row = Session.objects.filter(session_key=key, expire_date__gt=timezone.now()).first()
    if row is None:
        return JsonResponse(None, safe=False)
    request.session = SessionStore(key)
    user = get_user(request)
    if not user.is_authenticated:
        return JsonResponse(None, safe=False)
    expires = int(row.expire_date.timestamp() * 1000)
    return JsonResponse({"name": user.get_username(), "expiresAt": expires})


def home(request):
    return render(request, "home.html", {"sockets": SOCKETS})


urlpatterns = [
    path("", home),
    path("login", views.LoginView.as_view(template_name="form.html")),
    path("logout", views.LogoutView.as_view(next_page="/")),
    path("password", views.PasswordChangeView.as_view(template_name="form.html", success_url="/")),
    path("internal/session", session),
]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
