// The attacks that are made of a site: which there are, what they hold, and what a site may be.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { check, compilePolicy } from "@wsgate/wsgate";
import { type Attack, attacksOn, type Site } from "@wsgate/wsgate/testing";
import { readSite } from "../../src/testing/attacks.ts";
import { faultsOf, untyped } from "../doubles.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

const OWN = "https://app.example.com";
const SITE: Site = { origins: [OWN], to: "wss://ws.example.com/chat" };
const named = (attacks: readonly Attack[]) => attacks.map(({ name }) => name);
const missing = (site: Partial<Site>) => {
  const left = named(attacksOn({ ...SITE, ...site }));
  return named(attacksOn(SITE)).filter((name) => !left.includes(name));
};
/** A request head, in lines. */
const linesOf = (wire: string) => wire.split("\r\n");

describe("attacksOn()", () => {
  test("a site with a domain has more than sixty, each with one key", () => {
    const sites: Site[] = [
      SITE,
      { origins: ["https://example.com"], to: "wss://example.com/chat" },
      { origins: ["https://me.github.io"], to: "wss://socket.fly.dev" },
      { origins: ["http://shop.example.co.uk:8080"], to: "ws://ws.example.co.uk:8000/" },
      { origins: [OWN, "https://example.com", "https://www.example.com"], to: SITE.to },
    ];
    eachRow(sites, (site) => {
      const attacks = attacksOn(site);
      assertGreaterOrEqual(attacks.length, 60);
      assertEquals(new Set(attacks.map(({ on, name }) => `${on} ${name}`)).size, attacks.length);
      assertEquals(new Set(attacks.map(({ wire }) => wire)).size, attacks.length);
    });
  });

  test("who can send them", () => {
    const counts: Record<string, number> = {};
    for (const { sender } of attacksOn(SITE)) counts[sender] = (counts[sender] ?? 0) + 1;
    assertEquals(counts, { page: 34, neighbor: 8, network: 2, proxy: 2, program: 27 });
  });

  test("every one is refused by a policy of the own pages, with hosts and without", () => {
    eachRow([{}, { hosts: ["ws.example.com"] }], (more) => {
      const policy = compilePolicy({ origins: [OWN], ...more });
      eachRow(attacksOn(SITE), ({ request }) => assertEquals(check(request, policy).allowed, false));
    });
  });

  test("the bytes are the request's, to the letter", () => {
    eachRow(attacksOn({ ...SITE, to: "ws://ws.example.com:8000/chat?room=1" }), ({ request, wire }) => {
      const [first, ...lines] = linesOf(wire);
      assertEquals(lines.splice(-2), ["", ""]);
      const [method, target, version] = first!.split(" ");
      assertEquals([method, version], [request.method, "HTTP/1.1"]);
      assertEquals(request.url, target!.startsWith("/") ? new URL(request.url).origin + target : target);
      const headers = new Headers();
      for (const line of lines) {
        const [, name, value] = /^([\w-]+): ?(.*)$/.exec(line)!;
        headers.append(name!, value!);
      }
      assertEquals(Object.fromEntries(request.headers), Object.fromEntries(headers));
      assert(/^[\t\r\n\x20-\xff]*$/.test(wire));
    });
  });

  test("some of them as they go out", () => {
    const wire = (name: string) => linesOf(attacksOn(SITE).find((attack) => attack.name === name)!.wire);
    assertEquals(wire("suffix-without-dot"), [
      "GET /chat HTTP/1.1",
      "Host: ws.example.com",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Origin: https://evilexample.com",
      "",
      "",
    ]);
    const differs = (name: string) => wire(name).filter((line) => !wire("foreign-page").includes(line));
    assertEquals(wire("absent-with-cookie").filter((line) => /^Origin/.test(line)), []);
    assertEquals(differs("absent-with-cookie"), ["Cookie: session=1"]);
    assertEquals(differs("empty-origin"), ["Origin: ", "Cookie: session=1"]);
    assertEquals(wire("doubled-origin-own-last").filter((line) => /^Origin/.test(line)), [
      "Origin: https://attacker.test",
      `Origin: ${OWN}`,
    ]);
    assertEquals(wire("doubled-host").slice(1, 3), ["Host: ws.example.com", "Host: attacker.test"]);
    assertEquals(wire("absolute-form").slice(0, 2), [
      "GET https://ws.example.com/chat HTTP/1.1",
      "Host: attacker.test",
    ]);
    assertEquals(differs("upgrade-with-more"), ["Upgrade: websocket, h2c"]);
    assertEquals(wire("connect"), [
      "CONNECT /chat HTTP/1.1",
      "Host: ws.example.com",
      "Sec-WebSocket-Version: 13",
      "Origin: https://attacker.test",
      "",
      "",
    ]);
    assertEquals(differs("own-origin-in-query"), ["GET /chat?origin=https%3A%2F%2Fapp.example.com HTTP/1.1"]);
    assertEquals(differs("tab-in-name"), ["Origin: https://ap\tp.example.com"]);
    assertEquals(differs("rebinding"), ["Host: attacker.test"]);
  });

  test("ports and schemes are the own ones: a hole may be open there alone", () => {
    const attacks = attacksOn({ origins: ["http://app.example.com:3000"], to: "wss://ws.example.com:8443/" });
    const sent = (wanted: string) => {
      const { headers } = attacks.find(({ name }) => name === wanted)!.request;
      return [headers.get("origin"), headers.get("host")];
    };
    assertEquals(sent("suffix-without-dot"), ["http://evilexample.com:3000", "ws.example.com:8443"]);
    assertEquals(sent("foreign-page"), ["http://attacker.test", "ws.example.com:8443"]);
    assertEquals(sent("rebinding"), ["https://attacker.test:8443", "attacker.test:8443"]);
    assertEquals(sent("port-then-name")[0], "http://app.example.com:3000.attacker.test");
    // Its pages are cleartext anyway.
    assertEquals(attacks.some(({ name }) => name.startsWith("cleartext-")), false);
  });

  test("siblings are made by the suffix list: strangers are no neighbors", () => {
    const origins = (site: string, sender: string) =>
      attacksOn({ origins: [site], to: "wss://ws.example.com" })
        .filter((attack) => attack.sender === sender).map(({ request }) => request.headers.get("origin")!);
    eachRow(
      [["https://me.github.io", "github.io"], ["https://shop.example.co.uk", "co.uk"]],
      ([site, suffix]) => {
        const stranger = `https://attacker.${suffix}`;
        assert(origins(site, "page").includes(stranger));
        assert(!origins(site, "neighbor").includes(stranger));
        assert(origins(site, "neighbor").includes(site.replace(/\/\/(?:shop\.)?/, "//blog.")));
      },
    );
    // The same for names that are on the short list alone.
    assert(origins("https://1-2-3-4.nip.io", "page").includes("https://attacker.nip.io"));
  });

  test("addresses, single labels and apps have no attacks on a domain", () => {
    const rows: [origin: string, fewest: number][] = [
      ["http://127.0.0.1:8000", 46],
      ["http://[::1]:8000", 46],
      ["http://localhost:3000", 46],
      ["https://intranet", 46],
      ["capacitor://localhost", 30],
    ];
    eachRow(rows, ([origin, fewest]) => {
      const attacks = attacksOn({ origins: [origin], to: "ws://127.0.0.1:8000/" });
      assertGreaterOrEqual(attacks.length, fewest);
      assertEquals(named(attacks).filter((name) => /^suffix-|sibling|parent|look-alike/.test(name)), []);
      assertEquals(
        attacks.filter(({ wire }) => /null|undefined|\{\w+\}/.test(wire)).map(({ name }) => name),
        [
          "sandboxed-frame",
        ],
      );
    });
  });

  test("own origins are never attacks, however they are written", () => {
    assertEquals(missing({ origins: [OWN, "https://example.com"] }).includes("parent-domain"), true);
    const origins = [OWN, "https://example.com:443", "http://localhost:9999", "https://blog.example.com"];
    const own = new Set(origins.map((origin) => new URL(origin).origin));
    const attacks = attacksOn({ ...SITE, origins });
    assertEquals(attacks.filter(({ request }) => own.has(request.headers.get("origin")!)), []);
    // Each is attacked, and what two have in common is sent once.
    assertEquals([...new Set(attacks.map(({ on }) => on))], origins);
    assertEquals(named(attacks).filter((name) => name === "foreign-page").length, 2);
  });

  test("what a site trusts is meant to get in; all else stays", () => {
    const rows: [trusts: string[], ...gone: string[]][] = [
      [[]],
      [["https://app.example.com:*"], "other-port"],
      [["app.example.com"], "other-port", "cleartext-page"],
      [
        ["https://*.example.com"],
        "whole-name-as-suffix",
        "sibling-subdomain",
        "subdomain-of-own",
        "www-twin",
      ],
      [
        [".example.com"],
        "whole-name-as-suffix",
        "parent-domain",
        "sibling-subdomain",
        "subdomain-of-own",
        "www-twin",
        "other-port",
        "cleartext-page",
        "cleartext-sibling",
      ],
      [
        ["null", "capacitor://localhost", "moz-extension://*"],
        "sandboxed-frame",
        "firefox-extension",
        "app-shell",
      ],
      [["http://localhost:*", "127.0.0.1"], "loopback-page", "loopback-address-page"],
      // Of the kinds that are dangerous in a policy; here they say what is meant.
      [["https://*.github.io"]],
    ];
    eachRow(rows, ([trusts, ...gone]) => assertEquals(missing({ trusts }), gone));
  });

  test("what may come without Origin takes out the attack without one", () => {
    assertEquals(missing({ absent: "allow" }), ["absent-with-cookie"]);
    assertEquals(missing({ absent: "allow-without-credentials" }), []);
  });

  test("the same site gives the same attacks, made anew", () => {
    const [one, two] = [attacksOn(SITE), attacksOn(SITE)];
    assertEquals(one.map(({ wire }) => wire), two.map(({ wire }) => wire));
    assert(one[0]!.request !== two[0]!.request);
  });
});

describe("readSite(): faults", () => {
  const rows: readonly (readonly [name: string, site: unknown, ...faults: string[]])[] = [
    ["nothing", undefined, "wrong-type site -1"],
    ["a URL", SITE.to, "wrong-type site -1"],
    ["neither", {}, "missing-option origins -1", "missing-option to -1"],
    ["no origins", { ...SITE, origins: [] }, "empty origins -1"],
    ["origins: a string", { ...SITE, origins: OWN }, "not-a-list origins -1"],
    [
      "origins: none",
      { ...SITE, origins: [OWN, "https://app.example.com/", , ".example.com", "null"] },
      "wrong-type origins 1",
      "not-a-string origins 2",
      "wrong-type origins 3",
      "wrong-type origins 4",
    ],
    ["to: http", { ...SITE, to: "https://ws.example.com/chat" }, "scheme-not-allowed to -1"],
    ["trusts: a string", { ...SITE, trusts: ".example.com" }, "not-a-list trusts -1"],
    ["trusts: everybody", { ...SITE, trusts: [OWN, "*"] }, "unsafe-any-host trusts 1"],
    [
      "trusts: wrong patterns",
      { ...SITE, trusts: ["https://example.com/", "'self'"] },
      "path trusts 0",
      "keyword trusts 1",
    ],
    ["absent: deny", { ...SITE, absent: "deny" }, "wrong-type absent -1"],
    [
      "everything at once",
      { origin: OWN, origins: [7], to: 7, trusts: 7, absent: 7 },
      "unknown-option origin -1",
      "not-a-string origins 0",
      "wrong-type to -1",
      "not-a-list trusts -1",
      "wrong-type absent -1",
    ],
  ];
  for (const [name, site, ...expected] of rows) {
    test(name, () => {
      const found = faultsOf(
        () => attacksOn(untyped(site)),
        (fault, fix) => words.assert(`${name}: ${fault}`, fix),
      );
      assertEquals(found, expected);
    });
  }

  test("means", () => {
    const { means } = readSite({ ...SITE, trusts: ["https://.example.org"] });
    const rows: [origin: string | null, meant: boolean][] = [
      [OWN, true],
      [`${OWN}:443`, true],
      ["https://example.org", true],
      ["https://evilexample.org", false],
      ["null", false],
      ["", false],
      [null, false],
    ];
    eachRow(rows, ([origin, meant]) => assertEquals(means(origin), meant));
  });
});

words.end();
