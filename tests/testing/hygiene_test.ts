// The rows of what a program alone sends. Each of them is what no browser sends: its Origin is none that a browser would
// write, its Host or its target is, or its Upgrade.

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { attacksOn } from "@wsgate/wsgate/testing";
import { checkOpeningHandshake } from "../../src/handshake.ts";
import { parseHost } from "../../src/origin/authority.ts";
import { parseOrigin } from "../../src/origin/origin.ts";
import { PROGRAM_ATTACKS } from "../../src/testing/hygiene.ts";
import { eachRow } from "../rows.ts";

test("no browser sends any of them", () => {
  const site = { origins: ["https://app.example.com"], to: "wss://ws.example.com/chat" };
  const attacks = attacksOn(site).filter(({ sender }) => sender === "program");
  assertEquals(attacks.map(({ name }) => name), PROGRAM_ATTACKS.map(([name]) => name));
  eachRow(attacks, ({ request, wire }) => {
    const { headers } = request;
    const host = parseHost(headers.get("host")!);
    assert(
      parseOrigin(headers.get("origin")).kind === "malformed" || host === null ||
        headers.has("x-forwarded-host") || headers.get("upgrade") !== "websocket" ||
        new URL(request.url).hostname !== host.host || checkOpeningHandshake(request) !== null,
      wire,
    );
  });
});
