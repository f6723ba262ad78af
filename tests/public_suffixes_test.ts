// The real Public Suffix List: its own test vectors, every rule of it against a naive reading, and what giving it
// changes for those who write lists.

import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { domainToASCII } from "node:url";
import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { getPublicSuffix } from "tldts";
import {
  allowedHostsOriginValidator,
  check,
  compileOrigins,
  compilePolicy,
  ConfigError,
  type ConfigIssueCode,
  hostValidator,
  originValidator,
  type SuffixList,
} from "@wsgate/wsgate";
import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";
import { whyShared } from "../src/pattern/suffixes.ts";
import { NaiveSuffixes } from "./naive_suffixes.ts";
import { readPackage, requireDebian, type SourceList } from "./pack_public_suffixes.ts";
import { eachRow, product } from "./rows.ts";
import { judgeAll } from "./vectors.ts";

/** `checkPublicSuffix('www.example.com', 'example.com');`: a host and its registrable domain. */
type SuffixVector = readonly [host: string | null, registrable: string | null];

// The list's own vectors, dedicated to the public domain.
const vectors: SuffixVector[] = [
  ...readFileSync(new URL("./vectors/test_psl.txt", import.meta.url), "utf8")
    .matchAll(/^checkPublicSuffix\((?:'(.*)'|null), (?:'(.*)'|null)\);$/gm),
].map(([, host = null, registrable = null]) => [host, registrable]);

/** The vectors are not all in lower case and punycode, as browsers' names are. */
function asSent(host: string): string {
  return /^\p{ASCII}*$/u.test(host) ? host.toLowerCase() : domainToASCII(host);
}

/** One label more than the public suffix. */
function registrableDomain(host: string): string | null {
  const suffix = publicSuffixes.suffixOf(host);
  if (suffix === null || suffix === host) return null;
  const own = host.slice(0, -suffix.length - 1);
  return host.slice(own.lastIndexOf(".") + 1);
}

describe("publicSuffixes", () => {
  test("passes the list's own test vectors", async () => {
    await judgeAll("test_psl.txt", vectors, 78, ([host, expected]) => {
      const found = registrableDomain(host === null ? "" : asSent(host));
      return found === (expected && asSent(expected)) ? null : String(found);
    });
  });

  const { rules } = readPackage();

  test(
    "agrees with a naive reading of its rules and with the package they come from, over and around every rule",
    { timeout: 240_000 },
    () => {
      const naive = new NaiveSuffixes(rules);
      const counts = { rules: rules.length, names: 0, refused: 0, refusedByListAlone: 0, allowed: 0 };
      eachRow(rules, (rule) => {
        eachRow(around(rule.replace("!", "").replace("*", "zone")), (name) => {
          counts.names++;
          const suffix = publicSuffixes.suffixOf(name);
          assertEquals(suffix, naive.suffixOf(name));
          assertEquals(suffix, suffixByPackage(name));
          assertEquals(publicSuffixes.suffixOf(`${name}.`), `${suffix}.`);
          const short = whyShared(name);
          // Listed, and reserved for one's own network all the same (RFC 8375).
          const isShared = naive.isShared(name) && name !== "home.arpa";
          const expected = short ?? (isShared ? "shared-suffix" : null);
          eachRow([name, `${name}.`], (written) => {
            assertEquals(whyShared(written, publicSuffixes), expected);
          });
          // A letter more or less, and punycode may stand for nothing, a hyphen at an end: such a name is wrong, not unsafe.
          const code = refusal(name, publicSuffixes);
          if (code !== "unicode-malformed" && code !== "host-malformed") {
            assertEquals(code, expected === null ? null : `unsafe-${expected}`);
          }
          if (expected === null) counts.allowed++;
          else counts.refused++;
          if (expected !== null && short === null) counts.refusedByListAlone++;
        });
      });
      console.log(`publicSuffixes around every rule: ${JSON.stringify(counts)}`);
      assertGreater(counts.rules, 10_000);
      assertGreater(counts.names, 6 * counts.rules);
      assertGreater(counts.refusedByListAlone, 5000);
      assertGreater(counts.allowed, 20_000);
    },
  );

  const debian = requireDebian();
  const skip = typeof debian === "string" ? debian : false;
  test("agrees with Debian's older list where its rules still hold", { skip }, () => {
    const kept = new Set(rules);
    const still = (debian as SourceList).rules.filter((rule) => kept.has(rule));
    assertGreater(still.length, 8000);
    eachRow(still, (rule) => {
      const name = rule.replace("!", "").replace("*", "zone");
      const suffix = rule.startsWith("!") ? name.slice(name.indexOf(".") + 1) : name;
      eachRow([name, `own.${name}`, `www.own.${name}`], (host) => {
        // A rule that was added since may reach further.
        const found = publicSuffixes.suffixOf(host)!;
        const isNew = [found, found.replace(/^[^.]+/, "*")].some((rule) => kept.has(rule));
        assert(found === suffix || found.endsWith(`.${suffix}`) && isNew, `${host}: ${found}`);
      });
      if (!rule.startsWith("!")) assert(whyShared(name, publicSuffixes) !== null);
    });
  });

  test("is read when it is asked, and its answers do not change", () => {
    for (let i = 0; i < 3; i++) {
      assertEquals(publicSuffixes.suffixOf("ada.github.io"), "github.io");
      assertEquals(publicSuffixes.suffixOf("www.city.kobe.jp"), "kobe.jp");
    }
    assert(Object.isFrozen(publicSuffixes));
  });
});

/** What the package says that the list comes from: another algorithm, on the same data. */
function suffixByPackage(name: string): string | null {
  return getPublicSuffix(name, {
    allowPrivateDomains: true,
    extractHostname: false,
    validateHostname: false,
  });
}

/** A name, and the names next to it: above, below, beside. */
function around(name: string): Set<string> {
  const parent = name.slice(name.indexOf(".") + 1);
  const [label = ""] = name.split(".");
  return new Set([
    name,
    parent,
    `own.${name}`,
    `www.own.${name}`,
    `x${name}`,
    `${label}x.${parent}`,
    `zz.${parent}`,
    `${name}x`,
    `${name}.example`,
    name.replace(/^[^.]*[a-z0-9](?=[^.])/, ""),
  ]);
}

/** Why a wildcard over `name` is refused, or null. */
function refusal(name: string, suffixes?: SuffixList): ConfigIssueCode | null {
  try {
    compileOrigins([`https://*.${name}`], suffixes === undefined ? {} : { suffixes });
    return null;
  } catch (error) {
    return (error as ConfigError).issues[0]!.code;
  }
}

// ------------------------------------------------------------------------------------ the option `suffixes`

/** Only the whole list knows them. */
const KNOWN_TO_THE_LIST = [
  "readthedocs.io",
  "nom.co",
  "k12.ak.us",
  "pvt.k12.ma.us",
  "kyoto.jp",
  "ide.kyoto.jp",
  "any.kobe.jp",
  "any.ck",
  "xn--55qx5d.cn",
  "\u516c\u53f8.cn",
  "ReadTheDocs.IO",
  // above a listed name
  "digitaloceanspaces.com",
  "cloud.metacentrum.cz",
  "myjino.ru",
];

/** Anybody's own, with the list as without it. */
const OWN = [
  "example.com",
  "own.readthedocs.io",
  "own.any.ck",
  "www.ck",
  "city.kobe.jp",
  "own.city.kobe.jp",
  "xreadthedocs.io",
  "readthedocs.io.example.com",
  "own.fra1.digitaloceanspaces.com",
  "localhost",
  "test",
  "example",
  "invalid",
  "internal",
  "home.arpa",
  "own.test",
];

/** Refused with the list as without it. */
const KNOWN_TO_BOTH: [name: string, code: string][] = [
  ["github.io", "unsafe-shared-suffix"],
  ["co.uk", "unsafe-shared-suffix"],
  ["amazonaws.com", "unsafe-shared-suffix"],
  ["nip.io", "unsafe-shared-suffix"],
  ["ngrok-free.app", "unsafe-shared-suffix"],
  ["ts.net", "unsafe-shared-suffix"],
  ["gradio.live", "unsafe-shared-suffix"],
  ["gov.be", "unsafe-shared-suffix"],
  ["co.de", "unsafe-shared-suffix"],
  ["com", "unsafe-single-label"],
  ["ck", "unsafe-single-label"],
  ["onion", "unsafe-single-label"],
  ["zz", "unsafe-single-label"],
];

const handler = () => new Response("upgraded here");

/** Every place where a wildcard can be written, and what becomes of one. */
const places: [
  place: string,
  kind: "origin" | "host",
  compile: (entry: string, options: object) => unknown,
][] = [
  ["compileOrigins", "origin", (entry, options) => compileOrigins([entry], options)],
  ["compilePolicy: origins", "origin", (entry, options) => compilePolicy({ origins: [entry], ...options })],
  [
    "compilePolicy: hosts",
    "host",
    (entry, options) => compilePolicy({ origins: [], hosts: [entry], ...options }),
  ],
  ["originValidator", "origin", (entry, options) => originValidator(handler, [entry], options)],
  [
    "originValidator: hosts",
    "host",
    (entry, options) => originValidator(handler, [], { hosts: [entry], ...options }),
  ],
  [
    "allowedHostsOriginValidator",
    "host",
    (entry, options) => allowedHostsOriginValidator(handler, { allowedHosts: [entry], ...options }),
  ],
  [
    "hostValidator",
    "host",
    (entry, options) => hostValidator(handler, { allowedHosts: [entry], ...options }),
  ],
];

const suffixes = publicSuffixes;

for (const [place, kind, compile] of places) {
  describe(place, () => {
    const written = (name: string) => {
      const entries = [`.${name}`, `*.${name}`, `*.${name}:8443`, `.${name}.`];
      return kind === "host"
        ? entries
        : [...entries, `https://*.${name}`, `https://.${name}:*`, `app://*.${name}`];
    };
    const codes = (entry: string, options: object) =>
      assertThrows(() => compile(entry, options), ConfigError).issues.map(({ code }) => code);

    test("refuses with the list what only the list knows", () => {
      eachRow(KNOWN_TO_THE_LIST.flatMap(written), (entry) => {
        compile(entry, {});
        assertEquals(codes(entry, { suffixes }), ["unsafe-shared-suffix"]);
      });
    });

    test("refuses with the list what it refuses without", () => {
      eachRow(KNOWN_TO_BOTH, ([name, code]) => {
        eachRow(product(written(name), [{}, { suffixes }]), ([entry, options]) => {
          assertEquals(codes(entry, options), [code]);
        });
      });
    });

    test("takes with the list what is anybody's own, and a suffix itself as the host it is", () => {
      eachRow(OWN.flatMap(written), (entry) => compile(entry, { suffixes }));
      eachRow([...KNOWN_TO_THE_LIST, ...KNOWN_TO_BOTH.map(([name]) => name)], (name) => {
        compile(name, { suffixes });
      });
    });

    test(kind === "host" ? "takes no excuse" : "takes in dangerouslyAllow what the list knows", () => {
      eachRow(KNOWN_TO_THE_LIST, (name) => {
        const options = { suffixes, dangerouslyAllow: written(name) };
        if (kind === "origin") compile("example.com", options);
        else if (place !== "hostValidator") {
          assertEquals(codes(`*.${name}`, options), ["unsafe-shared-suffix"]);
        }
      });
    });

    test("says once what is wrong with a list of suffixes, and what is wrong with the entries", () => {
      eachRow([
        undefined,
        null,
        "co.uk",
        ["co.uk"],
        { ...publicSuffixes },
        { suffixOf() {} },
        Object.create(publicSuffixes),
      ], (wrong) => {
        const { issues } = assertThrows(() => compile("*.github.io", { suffixes: wrong }), ConfigError);
        const found = issues.map(({ code, field }) => [code, field]);
        assertEquals(found.filter(([, field]) => field === "suffixes"), [["wrong-type", "suffixes"]]);
        const one = assertThrows(() => compile("example.com", { suffixes: wrong }), ConfigError).issues;
        assertEquals(one.map(({ field, index }) => [field, index]), [["suffixes", -1]]);
      });
    });
  });
}

describe("the rows of suffixes", () => {
  const { suffix: rows } = JSON.parse(
    readFileSync(new URL("./vectors/causes.json", import.meta.url), "utf8"),
  ) as { readonly suffix: readonly SuffixRow[] };

  test("are judged as they say, without the list and with it", async () => {
    await judgeAll("causes: suffix", rows, 27, ({ name, short, full }) => {
      const found = [refusal(name), refusal(name, publicSuffixes)].map((code) =>
        code === null ? "accept" : "refuse"
      );
      const wrong = [short, full].some((expected, index) => expected !== "any" && expected !== found[index]);
      const fullIsLess = found[0] === "refuse" && found[1] === "accept";
      return wrong || fullIsLess ? found.join(", ") : null;
    });
  });
});

/** What becomes of a wildcard over `name`, by the short list and with the full one; `any`: not looked at. */
interface SuffixRow {
  readonly name: string;
  readonly short: "accept" | "refuse" | "any";
  readonly full: "accept" | "refuse" | "any";
}

describe("suffixes", () => {
  test("changes no verdict", () => {
    const policy = compilePolicy({ origins: ["https://*.example.com"], hosts: [".example.com"], suffixes });
    const judge = (host: string, origin: string) =>
      check({ method: "GET", url: `https://${host}/`, headers: new Headers({ host, origin }) }, policy)
        .allowed;
    assertEquals(judge("ws.example.com", "https://app.example.com"), true);
    assertEquals(judge("ws.example.com", "https://example.com"), false);
    assertEquals(judge("ada.github.io", "https://app.example.com"), false);
  });

  test("decides which entry a fix may name", () => {
    const fixOf = (options: { readonly suffixes?: SuffixList }) =>
      assertThrows(() => compileOrigins(["//*.readthedocs.io"], options), ConfigError).issues[0]!.fix;
    assert(fixOf({}).includes('"*.readthedocs.io"'), fixOf({}));
    assert(!fixOf({ suffixes }).includes("readthedocs"), fixOf({ suffixes }));
  });
});
