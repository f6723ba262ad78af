// A list that is swapped while handshakes arrive: each of them is judged by one whole list, and how long the event
// loop stands still for a new one is measured.

import { test } from "node:test";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { compilePolicy, guard } from "@wsgate/wsgate";
import { onDenied } from "../recorder.ts";
import { handshakeBytes, handshakeHeaders, nativeUpgrade, sendRaw, serve } from "../runtime.ts";

const PATTERNS = 100_000;
const LISTS = 4;

/** A list admits the origins of its own generation, and no other. */
function origin(generation: number, index: number): string {
  return `https://site-${index}.generation-${generation}.test`;
}

test("no handshake is judged by half a list", { timeout: 120_000 }, async () => {
  let generation = 0;
  let policy = compilePolicy({ origins: [origin(0, 0), origin(0, PATTERNS - 1)] });
  /** Of each handshake, in order: the list in force, the origin, and whether it was let in. */
  const judged: { readonly by: number; readonly origin: string; readonly allowed: boolean }[] = [];
  const note = (request: Request, allowed: boolean) => {
    judged.push({ by: generation, origin: request.headers.get("origin")!, allowed });
  };
  const upgrade = nativeUpgrade();
  const server = serve(guard(
    (request: Request, context: unknown) => {
      note(request, true);
      return upgrade(request, context);
    },
    () => policy,
    { onDecision: onDenied(({ request }) => note(request as Request, false)) },
  ));

  let serving = true;
  let sent = 0;
  const client = async (first: number) => {
    for (let i = first; serving; i++) {
      // The first and the last pattern of this list, of the one before and of the one to come.
      const from = origin(Math.max(0, generation + (i % 3) - 1), i % 2 === 0 ? 0 : PATTERNS - 1);
      const lines = [...handshakeHeaders("site.test"), ["Origin", from] as const];
      const { status } = await sendRaw(server.port, handshakeBytes("/", lines));
      assert(status === 101 || status === 403, `${status}`);
      sent++;
    }
  };
  const clients = Promise.all([client(0), client(1), client(3), client(4)]);

  let longest = 0;
  let last = performance.now();
  const ticker = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const stood: number[] = [];
  for (let next = 1; next <= LISTS; next++) {
    const enough = sent + 30;
    while (sent < enough) await new Promise((resolve) => setTimeout(resolve, 5));
    const origins = Array.from({ length: PATTERNS }, (_, index) => origin(next, index));
    await new Promise((resolve) => setTimeout(resolve, 5));
    longest = 0;
    last = performance.now();
    policy = compilePolicy({ origins });
    generation = next;
    await new Promise((resolve) => setTimeout(resolve, 5));
    stood.push(Math.round(longest));
  }
  const enough = sent + 30;
  while (sent < enough) await new Promise((resolve) => setTimeout(resolve, 5));
  serving = false;
  clearInterval(ticker);
  await clients;
  await server.stop();

  console.log(
    `the event loop stood still for ${stood.join(", ")} ms while ${PATTERNS} patterns were compiled`,
  );
  for (const { by, origin, allowed } of judged) {
    assertEquals(allowed, origin.endsWith(`.generation-${by}.test`), `${origin} by list ${by}`);
  }
  for (let by = 0; by <= LISTS; by++) {
    const verdicts = judged.filter((one) => one.by === by).map(({ allowed }) => allowed);
    assertGreater(verdicts.filter((allowed) => allowed).length, 3);
    assertGreater(verdicts.filter((allowed) => !allowed).length, 3);
  }
});
