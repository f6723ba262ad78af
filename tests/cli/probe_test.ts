// `wsgate probe` against servers: bare and guarded ones of this runtime, and ones that are hostile, slow, limited or gone.

import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  authMiddlewareStack,
  originValidator,
  refuseVisibly,
  upgradeHandler,
  websocket,
} from "@wsgate/wsgate";
import { makeCertificate } from "../certificate.ts";
import { startChild } from "../child.ts";
import { inTime } from "../in_time.ts";
import { eachRowInTurn } from "../rows.ts";
import { type NativeHandler, nativeUpgrade, runtime, serve, serveOn, type TestServer } from "../runtime.ts";
import { wordsOf } from "../words.ts";
import {
  answering,
  closeFrame,
  countsOf,
  FORBIDDEN,
  isOwn,
  listen,
  type Listening,
  probe,
  probeJson,
  SITE,
  UPGRADED,
  USUAL,
} from "./probing.ts";

const words = wordsOf(import.meta.url);
const TIMEOUT = { timeout: 60_000 };
const untold = { onDecision: () => {} };
const echo = upgradeHandler({ message: (socket, data) => void socket.send(data) });
/** What a bare server lets in that no browser sends: Bun's takes two Host fields for one, and CONNECT for none. */
const PROGRAMS_IN = runtime === "deno" ? 25 : 26;

async function served(
  handler: unknown,
  sockets: unknown,
  act: (url: string) => Promise<void>,
): Promise<void> {
  const server: TestServer = sockets === undefined
    ? serve(handler as NativeHandler)
    : serve(handler as NativeHandler, sockets);
  try {
    await act(`ws://127.0.0.1:${server.port}/chat`);
  } finally {
    await server.stop();
  }
}

async function listening(
  take: Parameters<typeof listen>[0],
  act: (url: string, server: Listening) => Promise<void>,
): Promise<void> {
  const server = await listen(take);
  try {
    await act(`ws://127.0.0.1:${server.port}/chat`, server);
  } finally {
    await server.stop();
  }
}

/** The last lines, in one. */
const ending = (output: string) => output.split("\n").slice(-3).join(" ");
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Wherever the server listens. */
const anyPort = (text: string) => text.replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:8000");

describe("a server of this runtime", () => {
  test("bare: everything gets in, exit 1", TIMEOUT, async () => {
    await served(nativeUpgrade(), undefined, async (url) => {
      const { status, json } = await probeJson([url, ...USUAL, "--wait", "50"]);
      assertEquals([status, json.withstands], [1, false]);
      assertEquals(countsOf(json), {
        attacks: { in: 46 },
        programs: { in: PROGRAMS_IN, refused: 27 - PROGRAMS_IN },
      });
      const { status: again, output } = await probe([url, ...USUAL, "--wait", "50"]);
      assertEquals(again, 1);
      assertStringIncludes(output, "\n  rebinding ");
      assertStringIncludes(ending(output), "46 of 46 attacks got in");
    });
  });

  test("guarded around a native handler: withstands, exit 0", TIMEOUT, async () => {
    await served(originValidator(nativeUpgrade() as never, [SITE], untold), undefined, async (url) => {
      const { status, output, error } = await probe([url, ...USUAL]);
      assertEquals([status, error], [0, ""]);
      words.assertOn(runtime, "a guarded server", anyPort(output));
      const { json } = await probeJson([url, ...USUAL]);
      assertEquals(countsOf(json), { attacks: { refused: 46 }, programs: { refused: 27 } });
    });
  });

  test("that refuses visibly, with 101 and then 4403: withstands", TIMEOUT, async () => {
    const visible = originValidator(echo, [SITE], { refuse: refuseVisibly, ...untold });
    await served(visible, websocket, async (url) => {
      const { status, json } = await probeJson([url, ...USUAL]);
      assertEquals(status, 0, JSON.stringify(json));
      const closed = json.attacks.filter(({ answer }) => answer.status === 101);
      assert(closed.length > 60 && closed.every(({ answer }) => answer.closeCode === 4403));
    });
  });

  test(
    "with a log-in behind the guard: a note, exit 0; with a log-in before it: undecided, exit 1",
    TIMEOUT,
    async () => {
      const auth = authMiddlewareStack({
        user: ({ headers }) => headers.get("cookie") === "session=real" ? { name: "ada" } : null,
        required: true,
        ...untold,
      });
      await served(originValidator(auth(echo), [SITE], untold), websocket, async (url) => {
        const { status, json } = await probeJson([url, ...USUAL]);
        assertEquals([status, json.pages[0]!.state], [0, "asked-to-log-in"]);
        const withLogIn = await probeJson([url, ...USUAL, "-H", "Cookie: session=real"]);
        assertEquals([withLogIn.status, withLogIn.json.pages[0]!.state], [0, "allowed"]);
      });
      const unauthenticated = () => new Response(null, { status: 401 });
      await served(unauthenticated, undefined, async (url) => {
        const { status, json } = await probeJson([url, ...USUAL]);
        assertEquals([status, json.pages[0]!.state], [1, "refused"]);
        assertEquals(countsOf(json).attacks, { undecided: 46 });
      });
    },
  );

  test("with a list of hosts: own page kept out without --host, allowed with it", TIMEOUT, async () => {
    const handler = originValidator(
      nativeUpgrade() as never,
      [SITE],
      { hosts: ["ws.example.com"], ...untold } as never,
    );
    await served(handler, undefined, async (url) => {
      const { status, output } = await probe([url, "--site", SITE]);
      assertEquals(status, 1);
      assertStringIncludes(ending(output).replaceAll("\n", " "), "undecided");
      assertEquals((await probe([url, ...USUAL])).status, 0);
    });
  });

  test("that trusts its neighbors: named, unless --trusts says the same", TIMEOUT, async () => {
    await served(
      originValidator(nativeUpgrade() as never, ["https://.example.com"], untold),
      undefined,
      async (url) => {
        const { status, json } = await probeJson([url, ...USUAL, "--wait", "50"]);
        assertEquals(status, 1);
        assertEquals(json.attacks.filter(({ verdict }) => verdict === "in").map(({ name }) => name).sort(), [
          "parent-domain",
          "sibling-subdomain",
          "subdomain-of-own",
          "whole-name-as-suffix",
          "www-twin",
        ]);
        assertEquals((await probe([url, ...USUAL, "--trusts", "https://.example.com"])).status, 0);
      },
    );
  });

  test("over TLS, by a certificate that nobody signed", TIMEOUT, async () => {
    const guarded = originValidator(nativeUpgrade() as never, [SITE], untold) as NativeHandler;
    const sockets = { open() {}, message() {} };
    const server = serveOn({ tls: makeCertificate() }, guarded, sockets);
    try {
      const { status, json } = await probeJson([`wss://localhost:${server.port}/chat`, "--site", SITE]);
      assertEquals(status, 0, JSON.stringify(json));
      assertEquals(json.pages[0]!.state, "allowed");
    } finally {
      await server.stop();
    }
  });

  test("what ends a bare Deno server is sent where that is said, and last", TIMEOUT, async () => {
    const script = new URL("probed/native.ts", import.meta.url);
    await eachRowInTurn(["bare", "guarded"], async (kind) => {
      const child = await startChild(script, [kind]);
      try {
        const url = `ws://127.0.0.1:${child.ports["port"]}/chat`;
        const usual = [url, ...USUAL, "--wait", "50"];
        assertEquals((await probeJson(usual)).json.ender, undefined);
        assert(child.alive());
        const { json } = await probeJson([...usual, "--may-end-it"]);
        const isEnded = kind === "bare" && runtime === "deno";
        assertEquals(json.ender!.hasEnded, isEnded);
        // Its connections end a moment before the process does.
        for (let tries = 0; isEnded && child.alive() && tries < 300; tries++) await pause(10);
        assertEquals(child.alive(), !isEnded);
      } finally {
        await child.kill();
      }
    });
  });
});

describe("a server of another kind", () => {
  test("8 connections at a time, and one an attack", TIMEOUT, async () => {
    let [waiting, most] = [0, 0];
    const slow = answering((head, socket) => {
      most = Math.max(most, ++waiting);
      setTimeout(() => {
        waiting--;
        socket.write(isOwn(head) ? UPGRADED : FORBIDDEN);
      }, 20);
      return null;
    });
    await listening(slow, async (url, server) => {
      const { json } = await probeJson([url, ...USUAL]);
      // The own page before and after.
      assertEquals(server.connections(), json.attacks.length + 2);
      assertEquals(most, 8);
    });
  });

  test(
    "a close in time is a refusal, a close too late is none, --wait says what is late",
    TIMEOUT,
    async () => {
      const late = answering((head, socket) => {
        if (!isOwn(head)) setTimeout(() => socket.write(closeFrame(4403), "latin1"), 300);
        return UPGRADED;
      });
      await listening(late, async (url) => {
        assertEquals(countsOf((await probeJson([url, ...USUAL, "--wait", "20"])).json).attacks, { in: 46 });
        assertEquals(countsOf((await probeJson([url, ...USUAL, "--wait", "1500"])).json).attacks, {
          refused: 46,
        });
      });
    },
  );

  test("1000 and 1001 are no refusal", TIMEOUT, async () => {
    await eachRowInTurn([1000, 1001, 1008], async (code) => {
      await listening(
        answering((head) => isOwn(head) ? UPGRADED : UPGRADED + closeFrame(code)),
        async (url) => {
          const { json } = await probeJson([url, ...USUAL, "--wait", "50"]);
          assertEquals(countsOf(json).attacks, code === 1008 ? { refused: 46 } : { in: 46 });
        },
      );
    });
  });

  test("one that closes everybody alike: own page kept out, attacks undecided", TIMEOUT, async () => {
    await listening(answering(() => UPGRADED + closeFrame(4403, "nope")), async (url) => {
      const { status, json } = await probeJson([url, ...USUAL]);
      assertEquals([status, json.pages[0]!.state], [1, "refused"]);
      assertEquals(countsOf(json).attacks, { undecided: 46 });
    });
  });

  test("one that an attack ends: it is gone in the end, exit 1", TIMEOUT, async () => {
    const server = await listen(answering((head, socket) => {
      if (head.includes("Origin: https://[\r\n")) {
        socket.destroy();
        server.stop();
        return null;
      }
      return isOwn(head) ? UPGRADED : FORBIDDEN;
    }));
    const { status, output } = await probe([`ws://127.0.0.1:${server.port}/chat`, ...USUAL]);
    assertEquals(status, 1);
    assertStringIncludes(output.replaceAll("\n", " "), "Either an attack ended the server");
  });

  test("one that limits connections: its refusals are no proof, exit 1", TIMEOUT, async () => {
    let count = 0;
    const limited = answering((head) =>
      count++ > 40 ? "HTTP/1.1 429 Too Many\r\n\r\n" : isOwn(head) ? UPGRADED : FORBIDDEN
    );
    await listening(limited, async (url) => {
      const { status, output } = await probe([url, ...USUAL]);
      assertEquals(status, 1);
      assertStringIncludes(output.replaceAll("\n", " "), "limit of connections");
    });
  });

  test("one that says hostile words", TIMEOUT, async () => {
    const hostile = answering((head) =>
      isOwn(head) ? UPGRADED : UPGRADED + closeFrame(4403, "\x1b[2J\x1b]0;x\x07\n\xe2\x80\xae")
    );
    await listening(hostile, async (url) => {
      await eachRowInTurn([[], ["--json"]], async (more) => {
        const { status, output } = await probe([url, ...USUAL, ...more]);
        assertEquals(status, 0);
        assert(/^[\n\x20-\x7e]*$/.test(output));
      });
    });
  });

  test("one that answers each attack in its own hostile way ends in time", { timeout: 120_000 }, async () => {
    let count = 0;
    const ways: readonly ((socket: Parameters<Parameters<typeof listen>[0]>[0]) => void)[] = [
      (socket) => void socket.destroy(),
      (socket) => void socket.write("\0".repeat(100_000)),
      (socket) => void socket.write("HTTP/1.1 403 x\r\n" + "a: b\r\n".repeat(20_000)),
      (socket) => void socket.write(UPGRADED + "\x81\x7e\xff\xff" + "a".repeat(65_535), "latin1"),
      (socket) => void socket.write(UPGRADED + "\x88\x7d", "latin1"),
    ];
    const mixed = answering((head, socket) => {
      if (isOwn(head)) return UPGRADED;
      // One of them waits in vain; more would take the more seconds.
      if (count++ > 0) ways[count % ways.length]!(socket);
      return null;
    });
    await listening(mixed, async (url) => {
      const { status, json } = await inTime("the end of a probe", probeJson([url, ...USUAL, "--wait", "50"]));
      assertEquals(status, 1);
      const kinds = new Set(json.attacks.map(({ answer }) => answer.kind));
      assertEquals([...kinds].sort(), ["closed", "garbage", "hung-up", "open", "silent"]);
    });
  });
});

describe("no socket: exit 2, and nothing is sent but the own page", () => {
  const answers: Readonly<Record<string, string | null>> = {
    "404": "HTTP/1.1 404 Not Found\r\n\r\n",
    "a plain page": "HTTP/1.1 200 OK\r\n\r\nhello",
    "a redirect": "HTTP/1.1 302 Found\r\nLocation: /log-in\r\n\r\n",
    "a proxy without a server": "HTTP/1.1 502 Bad Gateway\r\n\r\n",
    "another protocol": "SSH-2.0-OpenSSH_9.2\r\n",
    "nothing for 5 seconds": null,
  };
  for (const [name, answer] of Object.entries(answers)) {
    test(name, TIMEOUT, async () => {
      await listening(answering(() => answer), async (url, server) => {
        const { status, output, error } = await probe([url, ...USUAL]);
        assertEquals([status, output, server.connections()], [2, "", 1]);
        words.assert(name, anyPort(error));
      });
    });
  }
  test("the end of the connection", TIMEOUT, async () => {
    await listening((socket) => void socket.destroy(), async (url) => {
      const { status, error } = await probe([url, ...USUAL]);
      assertEquals(status, 2);
      words.assert("the end of the connection", anyPort(error));
    });
  });
  test("nobody listens, at either address of a name", TIMEOUT, async () => {
    const { port, stop } = await listen(() => {});
    await stop();
    const { status, error } = await probe([`ws://localhost:${port}/chat`, ...USUAL]);
    assertEquals(status, 2);
    assertStringIncludes(error, "ECONNREFUSED");
  });
  test("one that listens at the other address of a name is found", TIMEOUT, async () => {
    const server = await listen(answering((head) => isOwn(head) ? UPGRADED : FORBIDDEN), "::1");
    const { status, error } = await probe([`ws://localhost:${server.port}/chat`, ...USUAL]);
    await server.stop();
    assertEquals([status, error], [0, ""]);
  });
  test("one of two own pages", TIMEOUT, async () => {
    await listening(answering((head) => isOwn(head) ? UPGRADED : "HTTP/1.1 404 x\r\n\r\n"), async (url) => {
      const { status, error } = await probe([url, ...USUAL, "--site", "https://b.test"]);
      assertEquals(status, 2);
      words.assert("one of two own pages", anyPort(error));
    });
  });
});

test("a fault of its arguments is told at once, and of what it is not prepared for too", async () => {
  const { status, error } = await probe(["--site", SITE]);
  assertEquals([status, error.startsWith("wsgate: which server?")], [2, true]);
  const json = await probe(["ws://[::1]/", "--site", SITE, "--trusts", "*", "--json"]);
  assertEquals([json.status, JSON.parse(json.output).issues.length], [2, 1]);
});

words.end();
