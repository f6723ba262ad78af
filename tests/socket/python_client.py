"""What client.ts acts out, with Python's websockets (10.4 and later): python_client.py PORT"""

import asyncio
import json
import sys

import websockets

URL = "ws://127.0.0.1:" + sys.argv[1]


def text(message):
    return message if isinstance(message, str) else "bytes " + ",".join(map(str, message))


async def ask(socket, message):
    await socket.send(message)
    return text(await socket.recv())


async def end(socket):
    await socket.wait_closed()
    return f"{socket.close_code} {socket.close_reason or ''}"


async def act_out():
    honest = "https://goodsite.com"
    talker = await websockets.connect(URL + "/talker", origin=honest, subprotocols=["v1", "v2"])
    echoes = [
        await ask(talker, "grüß dich 😀"),
        await ask(talker, bytes([0, 0x80, 0xFF])),
        await ask(talker, ""),
        await ask(talker, b""),
        str(len(await ask(talker, "x" * 60_000))),
    ]
    await talker.close(4001, "bye")
    closed_here = await end(talker)

    guest = await websockets.connect(URL + "/guest", origin=honest)
    await guest.send("please close")
    closed_there = await end(guest)

    try:
        await websockets.connect(URL + "/stranger", origin="https://evil.example")
        refused = [101, "open"]
    except websockets.InvalidHandshake as error:
        response = getattr(error, "response", None)
        refused = [response.status_code if response else error.status_code, type(error).__name__]

    return {
        "protocol": talker.subprotocol or "",
        "echoes": echoes,
        "closedHere": closed_here,
        "closedThere": closed_there,
        "unoffered": guest.subprotocol or "",
        "refused": refused,
    }


print(json.dumps(asyncio.run(asyncio.wait_for(act_out(), 60))))
