// The shapes that every layer speaks are types; what can be wrong with them at run time is what their documentation says.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import {
  allowedHostsOriginValidator,
  authMiddlewareStack,
  guard,
  hostValidator,
  originValidator,
  protocolTypeRouter,
  type Rest,
  type Takes,
  urlRouter,
} from "@wsgate/wsgate";
import { handshakeRequest, requestOf } from "./doubles.ts";
import { eachRowInTurn } from "./rows.ts";

const GOOD = "https://good.test";

describe("what a runtime passes after the request", () => {
  /** What reaches a handler through `wrap`, of a request and three more arguments. */
  async function passedOn(
    wrap: (handler: Takes<Rest, Response>) => Takes<Rest, Response>,
  ): Promise<unknown[]> {
    const given: unknown[][] = [];
    const wrapped = wrap((...all: unknown[]) => {
      given.push(all.slice(1));
      return new Response();
    });
    await eachRowInTurn(
      [handshakeRequest(GOOD), requestOf({ url: "http://site.test/", headers: {} })],
      (request) => {
        return Promise.resolve(wrapped(request, "env", "ctx", "more")).then(() => {});
      },
    );
    return given;
  }
  const list = [GOOD];
  const auth = authMiddlewareStack({ user: () => null });
  const awaited = authMiddlewareStack({ user: () => Promise.resolve(null) });
  const hosts = { allowedHosts: ["site.test", "good.test"] };
  const WRAPPERS: Readonly<Record<string, Parameters<typeof passedOn>[0]>> = {
    guard: (handler) => guard(handler, { origins: list }),
    originValidator: (handler) => originValidator(handler, list),
    allowedHostsOriginValidator: (handler) => allowedHostsOriginValidator(handler, hosts),
    hostValidator: (handler) => hostValidator(originValidator(handler, list), hosts),
    authMiddlewareStack: (handler) => originValidator(auth(handler), list),
    "authMiddlewareStack that waits": (handler) => originValidator(awaited(handler), list),
    urlRouter: (handler) => urlRouter([["/", handler]]) as Takes<Rest, Response>,
    protocolTypeRouter: (handler) =>
      protocolTypeRouter({ http: handler, websocket: handler }) as Takes<Rest, Response>,
  };
  for (const [name, wrap] of Object.entries(WRAPPERS)) {
    test(`all of it is handed on by ${name}`, async () => {
      const given = await passedOn(wrap);
      // Without a Host the last one is refused.
      assertEquals(given, Array(name === "hostValidator" ? 1 : 2).fill(["env", "ctx", "more"]));
    });
  }
});
