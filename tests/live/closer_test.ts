import { describe, it } from "node:test";
import { assertEquals, assertGreater } from "@std/assert";
import { Closer, closeSocket } from "../../src/live/closer.ts";
import { FakeSocket } from "./fake_clock.ts";

const sockets = (count: number) => Array.from({ length: count }, () => new FakeSocket());
const closed = (all: readonly FakeSocket[]) => all.filter(({ closes }) => closes.length === 1).length;

describe("a closer", () => {
  it("closes a few at once, before it returns", async () => {
    const all = sockets(10);
    const done = new Closer().close(all, 4401, "session-ended");
    assertEquals(closed(all), 10);
    assertEquals(all[0]!.closes, ["4401 session-ended"]);
    await done;
    await new Closer().close([], 4401, "");
  });

  it("closes many a stretch at a time, whatever its clock says of a stretch, and resolves at the end", async () => {
    const all = sockets(1000);
    const done = new Closer().close(all, 4401, "session-ended");
    assertEquals(closed(all), 256);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await done;
    clearInterval(timer);
    assertEquals(closed(all), 1000);
    assertGreater(turns, 0);
  });

  it("takes more while it closes, also from inside of a close, and each once", async () => {
    const closer = new Closer();
    const [more, last] = [sockets(300), sockets(3)];
    const first = sockets(300);
    first[0]!.close = () => void closer.close(last, 4403, "origin-not-allowed");
    const done = closer.close(first, 4401, "session-ended");
    await Promise.all([done, closer.close(more, 4403, "host-not-allowed")]);
    assertEquals([closed(first), closed(more), closed(last)], [299, 300, 3]);
    assertEquals([more[0]!.closes, last[0]!.closes], [["4403 host-not-allowed"], [
      "4403 origin-not-allowed",
    ]]);
    await closer.close(last, 4401, "session-ended");
    assertEquals(last[0]!.closes.length, 2);
  });
});

describe("closeSocket()", () => {
  it("never throws", () => {
    closeSocket(
      {
        close() {
          throw new Error("gone");
        },
      },
      4401,
      "session-ended",
    );
  });

  it("waits where a socket is not open yet and can say when it is", () => {
    const listeners: (() => void)[] = [];
    const socket = new FakeSocket();
    const connecting = Object.assign(socket, {
      readyState: 0,
      addEventListener: (_: string, listener: () => void) => void listeners.push(listener),
    });
    closeSocket(connecting, 4401, "session-ended");
    assertEquals(socket.closes, []);
    // Some still say so inside of the event.
    for (const listener of listeners) listener();
    assertEquals(socket.closes, ["4401 session-ended"]);
    const mute = Object.assign(new FakeSocket(), { readyState: 0 });
    closeSocket(mute, 4401, "session-ended");
    assertEquals(mute.closes, ["4401 session-ended"]);
  });
});
