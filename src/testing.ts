/**
 * Tests of WebSocket policies: handshakes in one line, assertions that explain, and the attacks that have succeeded
 * elsewhere, made from a site's own names. For `Deno.test`, `bun:test` and `node:test`.
 *
 * ```ts
 * import { compilePolicy } from "@wsgate/wsgate";
 * import { assertAllowed, assertDenied, assertWithstands, pageHandshake } from "@wsgate/wsgate/testing";
 *
 * const policy = compilePolicy({ origins: ["https://app.example.com"] });
 * const to = "wss://ws.example.com/chat";
 *
 * await assertAllowed(policy, pageHandshake("https://app.example.com", { to }));
 * await assertDenied(policy, pageHandshake("https://evil.test", { to }), "origin-not-allowed");
 * await assertWithstands(policy, { origins: ["https://app.example.com"], to });
 * ```
 *
 * @module
 */

export { assertAllowed, assertDenied, assertWithstands, type Target } from "./testing/assertions.ts";
export { type Attack, attacksOn, type Site } from "./testing/attacks.ts";
export { clientHandshake, type HandshakeOptions, pageHandshake } from "./testing/handshakes.ts";
