"""Python's websockets: bare, or guarded by its own list of origins. It says its port, and ends when its stdin does."""

import asyncio
import json
import logging
import sys

import websockets

logging.disable(logging.CRITICAL)
ORIGINS = None if sys.argv[-1] == "bare" else ["https://app.example.com"]


async def echo(socket):
    async for message in socket:
        await socket.send(message)


async def main():
    async with websockets.serve(echo, "127.0.0.1", 0, origins=ORIGINS) as server:
        print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
