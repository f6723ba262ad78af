// explain, with what is given beside a copied handshake, and in each form that it answers in.

import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runCommand } from "../../src/cli/commands.ts";
import { WHICH_SCHEME } from "../../src/cli/explain_command.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";
import { noNetwork } from "./probing.ts";

const words = wordsOf(import.meta.url);

const WHOLE = "GET wss://a.test/ws HTTP/1.1\nHost: a.test\nOrigin: https://a.test\nUpgrade: websocket\n" +
  "Connection: Upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n";

function explain(args: string, input = WHOLE) {
  return runCommand(["explain", ...args.split(" ")], {
    env: () => undefined,
    readFile: () => input,
    readInput: () => input,
    connect: noNetwork,
    columns: 80,
    colors: false,
  });
}

describe("explain", () => {
  test("a copied handshake is judged from Upgrade to key", () => {
    assertEquals(explain("--handshake - https://a.test").status, 0);
    const closed = explain(
      "--handshake - https://a.test",
      WHOLE.replace("Connection: Upgrade", "Connection: close"),
    );
    assertEquals([closed.status, closed.output.split("\n")[0]], [1, "refused  400 connection-malformed"]);
    words.assert("a Connection that is closed", closed.output);
    // What is given beside it takes the place of its own.
    assertEquals(explain("--handshake - -H Connection:close https://a.test").status, 1);
    assertEquals(explain("--handshake - --origin https://b.test https://a.test").status, 1);
  });

  test("with a list of its own server under each scheme, and the exit status of a refusal", () => {
    const { status, output } = explain("--handshake - --hosts a.test 'self'");
    assertEquals(status, 1);
    assertStringIncludes(output.replaceAll("\n", " "), WHICH_SCHEME);
    assertEquals(output.match(/^(?:--scheme \w+|allowed|refused.*)$/gm), [
      "--scheme https",
      "allowed",
      "--scheme http",
      "refused  403 origin-not-allowed",
    ]);
    words.assert("under each scheme", output);
    const { dependsOn, http, https } = JSON.parse(
      explain("--json --handshake - --hosts a.test 'self'").output,
    );
    assertEquals([dependsOn, http.decision.allowed, https.decision.allowed], ["scheme", false, true]);
    assertEquals(explain("--handshake - --scheme https --hosts a.test 'self'").status, 0);
    assertEquals(explain("--handshake - --url https://a.test/ws --hosts a.test 'self'").status, 0);
  });

  test("the URL of a Request that a server printed is the server's word", () => {
    const printed = (scheme: string) =>
      `Request {\n  headers: Headers {\n    host: "a.test",\n    origin: "https://a.test"\n  },\n  method: "GET",\n  url: "${scheme}://a.test/"\n}`;
    assertEquals(explain("--handshake - --hosts a.test 'self'", printed("https")).status, 0);
    const { status, output } = explain("--handshake - --hosts a.test 'self'", printed("http"));
    assertEquals([status, output.includes("--scheme http\n")], [1, false]);
  });

  test("notes on the answer, in words and as JSON", () => {
    const input = `${WHOLE}\nHTTP/1.1 403 Forbidden\nserver: x\n`;
    const { status, output } = explain("--handshake - https://a.test", input);
    assertEquals(status, 0);
    words.assert("a 403 that it never gave", output);
    assertEquals(JSON.parse(explain("--json --handshake - https://a.test", input).output).notes.length, 1);
    assertEquals(JSON.parse(explain("--json --handshake - https://a.test").output).notes, undefined);
    const { why, decision } = JSON.parse(
      explain("--json --handshake - https://a.test", WHOLE.replace("n: 13", "n: 8")).output,
    );
    assertEquals([typeof why, decision.reason], ["string", "version-unsupported"]);
  });

  test("no answer is against the list where the verdict depends on the scheme", () => {
    const own = "--json --handshake - --hosts a.test 'self'";
    const notes = (answer: string) => JSON.parse(explain(own, `${WHOLE}\n${answer}`).output).http.notes;
    assertEquals(notes("HTTP/1.1 403 Forbidden\ncache-control: no-store\n"), undefined);
    assertEquals(
      notes("HTTP/1.1 101\nupgrade: websocket\nconnection: upgrade\nsec-websocket-accept: x\n"),
      undefined,
    );
    assertEquals(notes("HTTP/1.1 500\nserver: x\n").length, 1);
  });

  test("lines that do not ask for a WebSocket", () => {
    const { status, output } = explain(
      "--handshake - https://a.test",
      "Host: a.test\nOrigin: https://a.test\n",
    );
    assertEquals(status, 0);
    words.assert("no Upgrade, in a few lines", output);
  });

  test("without a Host where it does not matter", () => {
    const { output } = explain("--json --origin https://a.test https://a.test");
    assertEquals(JSON.parse(output).host, { kind: "absent", shown: "(not given)" });
  });

  test("hostile text comes out as printable ASCII, wherever it was copied from", () => {
    const hostile = ["\x1b[2J\u202e", "\ud800", "a".repeat(10_000), "\x07\x9b"];
    const places: ((text: string) => string)[] = [
      (text) => `GET ${text} HTTP/1.1\nHost: a.test\nOrigin: x\n`,
      (text) => WHOLE.replace("Connection: Upgrade", `Connection: ${text}`),
      (text) => WHOLE.replace("Upgrade: websocket", `Upgrade: websocket ${text}`),
      (text) => WHOLE.replace("https://a.test", text),
      (text) => WHOLE.replace("Version: 13", `Version: ${text}`),
      (text) => `${WHOLE}\nHTTP/1.1 302 Found\nlocation: //${text}/\n`,
      (text) => `${WHOLE}\nHTTP/1.1 101 ${text}\nsec-websocket-protocol: ${text}\n`,
      (text) => JSON.stringify({ host: text, origin: text, upgrade: text }),
      (text) => `Headers {\n  host: "${text}",\n  origin: '${text}'\n}`,
      (text) => `refused: Origin ${text}, Host "${text}"`,
      (text) => `curl 'wss://${text}/' -H 'Origin: ${text}'`,
      (text) => `{"log":{"entries":[{"request":{"url":"wss://${text}"}}]}}`,
      (text) => text,
    ];
    eachRow(places, (place) => {
      for (const text of hostile) {
        for (const json of ["", "--json "]) {
          const { output, error } = explain(`${json}--handshake - --hosts a.test 'self'`, place(text));
          assert(/^[\n\x20-\x7e]*$/.test(output + error), JSON.stringify(output + error));
          assert((output + error).length < 6000, String((output + error).length));
        }
      }
    });
  });
});

words.end();
