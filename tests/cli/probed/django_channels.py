"""Django Channels behind daphne: bare, guarded by OriginValidator, or visible: accepted, and then closed with 4403.

It says its port, and ends when its stdin does.
"""

import json
import logging
import os
import socket
import sys
import threading

import django
from django.conf import settings

settings.configure(SECRET_KEY="of nobody", ALLOWED_HOSTS=["*"], INSTALLED_APPS=["channels"])
django.setup()

from channels.generic.websocket import WebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator  # noqa: E402
from daphne.server import Server  # noqa: E402
from django.urls import re_path  # noqa: E402

logging.disable(logging.CRITICAL)
KIND = sys.argv[-1]
SITE = "https://app.example.com"


class Echo(WebsocketConsumer):
    def connect(self):
        self.accept()
        origins = [value for name, value in self.scope["headers"] if name == b"origin"]
        if KIND == "visible" and origins != [SITE.encode()]:
            self.close(code=4403)

    def receive(self, text_data=None, bytes_data=None):
        self.send(text_data=text_data, bytes_data=bytes_data)


routes = URLRouter([re_path(r"^chat$", Echo.as_asgi())])
guarded = OriginValidator(routes, [SITE]) if KIND == "guarded" else routes

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]

threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
Server(
    application=ProtocolTypeRouter({"websocket": guarded}),
    endpoints=[f"tcp:port={port}:interface=127.0.0.1"],
    signal_handlers=False,
    ready_callable=lambda: print(json.dumps({"port": port}), flush=True),
).run()
