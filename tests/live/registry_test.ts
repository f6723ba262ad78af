import { describe, it } from "node:test";
import { assertEquals, assertStrictEquals } from "@std/assert";
import { Alikes } from "../../src/live/recheck.ts";
import { isClosed, Registry } from "../../src/live/registry.ts";
import { FakeSocket } from "./fake_clock.ts";

describe("a registry", () => {
  it("finds sockets by session and by subject, and forgets both with the last of them", () => {
    const registry = new Registry(new Alikes());
    const open = (session: string, subject: string | null) =>
      registry.add(
        new FakeSocket(),
        registry.open({ session, subject }, { id: session }, 1, 0),
        0,
        null,
      );
    const [a, again, b, c] = [open("a", "ada"), open("a", "ada"), open("b", "ada"), open("c", null)];
    const nobody = registry.add(new FakeSocket(), null, 0, null);
    assertStrictEquals(a.session, again.session);
    assertEquals([registry.sockets.size, registry.sessions.size], [5, 3]);
    assertEquals([...registry.ofSession("a")], [a, again]);
    assertEquals([...registry.ofSubject("ada")], [a, again, b]);
    assertEquals([...registry.ofSession("x"), ...registry.ofSubject("x")], []);
    registry.drop(a);
    registry.drop(a);
    assertEquals([...registry.ofSubject("ada")], [again, b]);
    registry.drop(again);
    assertEquals([[...registry.ofSession("a")], [...registry.ofSubject("ada")]], [[], [b]]);
    for (const socket of [b, c, nobody]) registry.drop(socket);
    assertEquals([registry.sockets.size, registry.sessions.size, [...registry.ofSubject("ada")]], [0, 0, []]);
  });

  it("forgets what says that it is closed, a part at a time where they are many", () => {
    const registry = new Registry(new Alikes());
    const count = 60_000;
    for (let i = 0; i < count; i++) {
      registry.add(Object.assign(new FakeSocket(), { readyState: i % 2 === 0 ? 3 : 1 }), null, 0, null);
    }
    registry.forgetClosed();
    assertEquals(registry.sockets.size, count - 25_000);
    registry.forgetClosed();
    assertEquals(registry.sockets.size, count / 2);
    registry.forgetClosed();
    assertEquals(registry.sockets.size, count / 2);
  });

  it("takes what cannot say for open", () => {
    const throwing = {
      close() {},
      get readyState(): number {
        throw new Error("gone");
      },
    };
    assertEquals([isClosed(throwing), isClosed(new FakeSocket()), isClosed({ close() {}, readyState: 3 })], [
      false,
      false,
      true,
    ]);
  });
});
