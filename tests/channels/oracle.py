"""Judges origins as the installed Django Channels does.

Reads lines of {"patterns": [...], "origins": [string or null, ...]} and answers each with a line of
[true or false, ...]. A verdict is what OriginValidator.__call__ does with a scope that carries the header: whether it
hands the handshake on to its application or denies it.
"""

import json
import sys

from channels.security import websocket


def verdicts(patterns, origins):
    reached = []

    async def application(scope, receive, send):
        reached.append(True)

    validator = websocket.OriginValidator(application, patterns)
    for origin in origins:
        # As an ASGI server hands it over: no header, or one of Latin-1 bytes.
        headers = [] if origin is None else [(b"origin", origin.encode("latin1"))]
        reached.clear()
        run(validator({"type": "websocket", "headers": headers}, None, None))
        yield bool(reached)


def run(coroutine):
    """Nothing in it waits for anything, so no event loop is needed."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise RuntimeError("the validator waits for something")


async def deny(scope, receive, send):
    pass


# The denier only closes the socket, and would want Django's settings and channel layers for it.
websocket.WebsocketDenier = lambda: deny

if __name__ == "__main__":
    for line in sys.stdin:
        case = json.loads(line)
        print(json.dumps(list(verdicts(case["patterns"], case["origins"]))))
