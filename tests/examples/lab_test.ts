/** The lab without a browser: its servers, on this runtime. What its pages show is in `tests/browser/lab_test.ts`. */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inTime } from "../in_time.ts";
import { eachRow, eachRowInTurn } from "../rows.ts";
import { connectRaw, handshakeBytes, handshakeHeaders, runtime, sendRaw } from "../runtime.ts";

const script = fileURLToPath(new URL("../../examples/lab.ts", import.meta.url));
const command = runtime === "deno" ? ["run", "-A", script] : ["run", script];

describe("the lab", () => {
  let child: ChildProcess;
  let site: number;
  let attacker: number;

  before(async () => {
    child = spawn(process.execPath, [...command, "0"], { stdio: ["ignore", "pipe", "pipe"] });
    let printed = "";
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk) => printed += chunk);
    const addresses = /the good site .*?localhost:(\d+)[^]*the attacker .*?localhost:(\d+)[^]*Ctrl\+C/;
    while (!addresses.test(printed)) {
      assertEquals(child.exitCode, null, printed);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    [, site = 0, attacker = 0] = addresses.exec(printed)!.map(Number);
    assertStringIncludes(printed, runtime === "deno" ? "on Deno 2" : "on Bun 1");
    assertEquals(printed.includes("\x1b"), false, "in a pipe, no colors");
  });
  after(() => void child.kill("SIGKILL"));

  const get = async (port: number, path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`http://localhost:${port}${path}`, { headers, redirect: "manual" });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  const logIn = (origin: string) =>
    fetch(`http://localhost:${site}/login`, {
      method: "POST",
      headers: { origin, "content-type": "application/x-www-form-urlencoded" },
      body: "name=Ada&samesite=Lax",
      redirect: "manual",
    });

  it("serves pages whose scripts are plain JavaScript, under a policy that lets nothing in", async () => {
    const pages = [
      [site, "/", ["/site.ts", "/dom.ts"]],
      [attacker, "/", ["/attacker.ts", "/dom.ts"]],
      [attacker, "/frame", ["/frame.ts"]],
    ] as const;
    await eachRowInTurn(pages, async ([port, page, scripts]) => {
      const { status, headers, text } = await get(port, page);
      assertEquals(status, 200);
      assertMatch(text, /^<!doctype html>/i);
      assert(!/<script(?![^>]*src=)|<style|style=| on\w+=/i.test(text), "nothing is inline");
      const policy = headers.get("content-security-policy")!;
      assertMatch(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
      assertMatch(policy, /; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'$/);
      const connect = /connect-src ([^;]*);/.exec(policy)![1]!.split(" ");
      eachRow(connect, (source) => assertMatch(source, /^'self'$|^ws:\/\/[a-z0-9.-]+:\d+$/));
      await eachRowInTurn(scripts, async (path) => {
        const { headers, text } = await get(port, path);
        assertMatch(headers.get("content-type")!, /^text\/javascript/);
        assert(
          !/import type|: (?:string|number|boolean|void|Seen|Note)\b|<K extends/.test(
            text.replace(/\/\*[^]*?\*\/|\/\/.*/g, ""),
          ),
        );
      });
    });
  });

  it("gives the note away on the bare socket, to the attacker's page; the guarded one refuses it", async () => {
    const response = await logIn(`http://localhost:${site}`);
    await response.body?.cancel();
    assertEquals(response.status, 303);
    const cookie = response.headers.get("set-cookie")!;
    assertMatch(cookie, /^wsgate-lab=[0-9a-f-]{36}; Path=\/; HttpOnly; SameSite=Lax$/);
    const handshake = (path: string, origin: string) =>
      handshakeBytes(path, [
        ...handshakeHeaders(`localhost:${site}`),
        ["Origin", origin],
        ["Cookie", cookie.split(";")[0]!],
      ]);

    const bare = connectRaw(site);
    bare.write(handshake("/bare?by=other-port", `http://localhost:${attacker}`));
    assertStringIncludes(await bare.until("third pot"), "HTTP/1.1 101");
    bare.destroy();
    const guarded = await sendRaw(site, handshake("/guarded?by=other-port", `http://localhost:${attacker}`));
    assertEquals(guarded.status, 403);
    const own = connectRaw(site);
    own.write(handshake("/guarded", `http://localhost:${site}`));
    assertStringIncludes(await own.until("third pot"), "HTTP/1.1 101");
    own.destroy();
  });

  it("lets no other site's page edit the policy, log in or out, or read what the good site saw", async () => {
    const evil = `http://localhost:${attacker}`;
    const foreign = [[site, "/control", evil], [attacker, "/feed", `http://localhost:${site}`]] as const;
    await eachRowInTurn(foreign, async ([port, path, origin]) => {
      const host = `localhost:${port}`;
      const answer = await sendRaw(
        port,
        handshakeBytes(path, [...handshakeHeaders(host), ["Origin", origin]]),
      );
      assertEquals(answer.status, 403);
    });
    const response = await logIn(evil);
    await response.body?.cancel();
    assertEquals(response.status, 403);
    assertEquals((await get(site, "/logout", { origin: evil })).status, 403);
    // A rebinding page is not even served.
    assertEquals((await sendRaw(site, `GET / HTTP/1.1\r\nHost: rebound.test:${site}\r\n\r\n`)).status, 403);
  });

  it("takes another port, and says what is wrong with one that is none", async () => {
    await eachRowInTurn(["x", "70000", "-1"], async (wrong) => {
      const { code, stderr } = await inTime(
        "it ends",
        new Promise<{ code: unknown; stderr: string }>((resolve) => {
          execFile(
            process.execPath,
            [...command, wrong],
            (error, _, stderr) => resolve({ code: error?.code, stderr }),
          );
        }),
      );
      assertEquals(code, 2);
      assertStringIncludes(stderr, `a number from 0 to 65534, not "${wrong}"`);
    });
  });
});
