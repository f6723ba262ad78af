// The handshakes that real clients sent, byte for byte, to a real server of this runtime behind a guard: what the pure
// verdicts of `vectors_test.ts` say must be what arrives on the wire, and what the operator is told.

import { after, describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { compilePolicy, guard, type Policy } from "@wsgate/wsgate";
import { onDenied } from "../recorder.ts";
import { handshakeBytes, nativeUpgrade, type RawAnswer, sendRaw, serve } from "../runtime.ts";
import { captured, capturedRows, handshakes, judgeAll } from "../vectors.ts";
import { eachRow } from "../rows.ts";

/** What the client sees of each verdict: a Host that says nothing is its mistake, what a list refuses is refused. */
const STATUS: Readonly<Record<string, number>> = {
  "allowed": 101,
  "host-malformed": 400,
  "host-not-allowed": 403,
  "origin-absent": 403,
  "origin-null": 403,
  "origin-not-allowed": 403,
};

describe("the captured handshakes, replayed to a guarded server", () => {
  // One at a time: the bytes stay as captured, so nothing in them tells one row's refusal from another's.
  let current: Policy | undefined;
  const denied: string[] = [];
  const calls: string[] = [];
  const upgrade = nativeUpgrade();
  const server = serve(guard(
    (request, context: unknown) => {
      calls.push(request.url);
      return upgrade(request, context);
    },
    () => current!,
    {
      onDecision: onDenied(({ reason }) => {
        denied.push(reason);
      }),
    },
  ));
  after(() => server.stop());

  async function replay(
    { options, handshake, expected }: typeof capturedRows[number],
  ): Promise<string | null> {
    current = compilePolicy(options);
    denied.length = 0;
    calls.length = 0;
    const bytes = handshakeBytes(handshake.path, handshake.headers, handshake.method);
    const answer = await sendRaw(server.port, bytes, 10_000);
    // Neither runtime refuses any of these bytes by itself, UTF-8 in Host or in the target included: every row is
    // judged by the guard, which either lets the handler have it or denies it, once.
    if (calls.length + denied.length !== 1) {
      return `${calls.length} calls, denied ${JSON.stringify(denied)}, ${summary(answer)}`;
    }
    const actual = denied[0] ?? "allowed";
    if (actual !== expected) return `${actual} instead of ${expected}`;
    return answer.status === STATUS[expected] ? null : `${summary(answer)} for ${expected}`;
  }

  test("each gets the verdict on record, and the status that goes with it", { timeout: 60_000 }, async () => {
    await judgeAll("handshakes replayed", capturedRows, 428 * 4, replay);
  });

  test("handshakes with raw UTF-8 in Host and in the target are among them", () => {
    // The two rows a runtime might have refused by itself, and the reason the first is denied for.
    const beyondAscii = (text: string) => [...text].some((char) => char > "\x7f");
    const raw = handshakes.flatMap(({ path, headers }, index) =>
      beyondAscii(path + headers.flat().join("")) ? [index] : []
    );
    assertEquals(raw.map((index) => handshakes[index]!.situation), ["idn", "query-nonascii"]);
    eachRow(Object.values(captured.verdicts), (verdicts) => {
      assertEquals(verdicts[raw[0]!], "host-malformed");
    });
  });
});

function summary(answer: RawAnswer): string {
  return answer.status === 0 ? `no answer (${answer.end})` : `status ${answer.status}`;
}
