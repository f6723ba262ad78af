import { describe, it } from "node:test";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { Handshake } from "@wsgate/wsgate";
import { denials } from "../../src/denial.ts";
import { Alikes, judgeAgain } from "../../src/live/recheck.ts";
import { type Judge, markJudged } from "../../src/scope.ts";
import { handshakeOf } from "../doubles.ts";
import { eachRow } from "../rows.ts";

const says = (answer: ReturnType<Judge>): Judge => () => answer;

/** How a handshake came in that these have let in. */
function cameIn(
  alikes: Alikes,
  headers: Record<string, string>,
  judges: readonly Judge[],
  url = "http://h/chat?a=1",
) {
  const request = {};
  markJudged(request, "upgrade", judges, handshakeOf({ url, headers }));
  return alikes.of(request).alike!;
}

describe("what is kept of a handshake", () => {
  const HEADERS = { host: "h", origin: "https://a.test" };
  const judge = says(null);

  it("is one object for all that came in alike, for as long as one of them is open", () => {
    const alikes = new Alikes();
    const first = alikes.open(cameIn(alikes, HEADERS, [judge]));
    const second = alikes.open(cameIn(alikes, HEADERS, [judge], "http://h/chat?b=2"));
    assertStrictEquals(first, second);
    // Let in before the first opened: still the same.
    assertStrictEquals(alikes.open({ ...first, sockets: 0 }), first);
    for (let i = 0; i < 3; i++) alikes.close(first);
    assert(cameIn(alikes, HEADERS, [judge]) !== first);
  });

  it("differs by whatever a verdict reads, and by who gave it", () => {
    const alikes = new Alikes();
    const rows: [headers: Record<string, string>, judges: readonly Judge[], url?: string][] = [
      [HEADERS, [judge]],
      [HEADERS, [judge, says(null)]],
      [HEADERS, [says(null)]],
      [{ ...HEADERS, origin: "https://b.test" }, [judge]],
      [{ host: "h" }, [judge]],
      [{ ...HEADERS, host: "i" }, [judge]],
      [{ ...HEADERS, cookie: "a=b" }, [judge]],
      [{ ...HEADERS, authorization: "Basic x" }, [judge]],
      [HEADERS, [judge], "http://h/other"],
    ];
    const keys = rows.map((row) => cameIn(alikes, row[0], row[1], row[2]).key);
    assertEquals(new Set(keys).size, rows.length);
    eachRow(keys, (key) => {
      for (const secret of ["a=1", "a=b", "Basic"]) assertEquals(key.includes(secret), false);
    });
  });

  it("is nothing where nobody has judged", () => {
    assertEquals(new Alikes().of({}).alike, null);
  });
});

describe("judging again", () => {
  it("shows each guard the handshake as it came, and one no is enough", () => {
    const seen: Handshake[] = [];
    const looks: Judge = (handshake) => {
      seen.push(handshake);
      return null;
    };
    const headers = { host: "h", origin: "https://a.test", cookie: "a=b" };
    const alike = cameIn(new Alikes(), headers, [looks, says(denials["origin-not-allowed"]), looks]);
    assertStrictEquals(judgeAgain(alike), denials["origin-not-allowed"]);
    assertEquals(seen.length, 1);
    const { method, url, headers: shown } = seen[0]!;
    const names = ["host", "origin", "cookie", "authorization", "upgrade", "connection", "constructor"];
    assertEquals([method, url, ...names.map((name) => shown.get(name))], [
      "GET",
      "http://h/chat",
      "h",
      "https://a.test",
      "",
      null,
      "websocket",
      "Upgrade",
      null,
    ]);
    assertStrictEquals(judgeAgain(cameIn(new Alikes(), headers, [looks, looks])), null);
  });

  it("throws what a guard throws", () => {
    const fails: Judge = () => {
      throw new Error("no database");
    };
    const alike = cameIn(new Alikes(), { host: "h" }, [fails]);
    assertThrows(() => judgeAgain(alike), Error, "no database");
  });
});
