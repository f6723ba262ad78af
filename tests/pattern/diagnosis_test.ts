// What an operator is told of an entry that his list has not taken. It is asked after the verdict, and cannot change it:
// whatever it is asked, it answers with faults.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater } from "@std/assert";
import type { ConfigIssue, ConfigIssueCode } from "@wsgate/wsgate";
import { diagnoseHostPattern, diagnosePattern } from "../../src/pattern/diagnosis.ts";
import { readHosts, readPatterns } from "../../src/pattern/list.ts";
import { parseHostPattern, parsePattern } from "../../src/pattern/pattern.ts";
import { assertGrowth, CONSTANT, LINEAR, runsOf } from "../growth.ts";
import { Random, seed } from "../random.ts";
import { wordsOf } from "../words.ts";
import { entriesNamedIn, randomEntry } from "./entries.ts";

const words = wordsOf(import.meta.url);

/** The two kinds of list: who takes an entry, and who says what is wrong with it. */
const LISTS = [
  {
    kind: "origins",
    isTaken: (entry: unknown) => parsePattern(entry)?.unsafe === null,
    diagnose: (entry: unknown) => diagnosePattern(entry, null),
  },
  {
    kind: "hosts",
    isTaken: (entry: unknown) => parseHostPattern(entry) !== null,
    diagnose: (entry: unknown) => diagnoseHostPattern(entry, "hosts", null),
  },
] as const;

/** These name a host, which is what browsers send or what is shared, and no candidate. */
const NAMING_A_HOST: readonly ConfigIssueCode[] = [
  ...["unicode-maps-to-ascii", "unsafe-shared-suffix", "unsafe-single-label"] as const,
];

for (const { kind, isTaken, diagnose } of LISTS) {
  /** What is said where nothing is found. */
  const [unknown] = diagnose("example.com");

  describe(`the diagnosis of an entry in a list of ${kind}`, () => {
    test("finds a fault even in an entry that has none", () => {
      assertEquals(unknown.code, "host-malformed");
      words.assert("where nothing is found", unknown.fix);
      for (const entry of ["example.com", "*.example.com:8443", "[::1]", "localhost", "bücher.example"]) {
        assert(isTaken(entry), entry);
        assertEquals(diagnose(entry), [unknown], entry);
      }
    });

    test("finds what is wrong with every entry that is refused, and names none that would be", () => {
      const random = new Random();
      const codes = new Set<string>();
      const candidates = new Set<string>();
      let refused = 0;
      for (let i = 0; i < 60_000; i++) {
        const entry = randomEntry(random);
        if (isTaken(entry)) continue;
        refused++;
        const says = `${JSON.stringify(entry)} (seed ${seed})`;
        const faults = diagnose(entry);
        assertGreater(faults.length, 0, says);
        for (const { code, fix } of faults) {
          codes.add(code);
          assert(fix !== unknown.fix, says);
          assert(fix.endsWith(".") || fix.endsWith("?"), `${fix} for ${says}`);
          if (NAMING_A_HOST.includes(code)) continue;
          for (const written of entriesNamedIn({ code, fix })) {
            if (kind === "origins" && (written === "'self'" || written === "null")) continue;
            assert(isTaken(written), `${fix} for ${says}`);
            candidates.add(written);
          }
        }
      }
      assertGreater(refused, 30_000);
      assertGreater(candidates.size, 1000);
      // All there are but those of what is no string, or too long; and "null" and "https://*" are no hosts at all.
      assertEquals(codes.size, kind === "origins" ? 30 : 28, [...codes].sort().join(" "));
    });

    test("never throws", () => {
      const revoked = Proxy.revocable({}, {});
      revoked.revoke();
      const values = [undefined, null, NaN, 1n, Symbol(), revoked.proxy, Object.create(null), [], () => 1];
      for (const value of values) assertEquals(diagnose(value).map(({ code }) => code), ["not-a-string"]);
    });

    test("costs one pass over an entry, and nothing for one that is too long", () => {
      const inputs = runsOf({
        units: ["*.", "{a,", "a,", "[a", ":[", "a/", "?a", "é", "“", "1*", "'self'", "\ud800"],
      });
      const short = Object.fromEntries(
        Object.entries(inputs).map((
          [name, make],
        ) => [name, (length: number) => make(length / 64).slice(0, 1023) + "/"]),
      );
      assertGrowth(diagnose, short, LINEAR);
      assertGrowth(
        diagnose,
        { "an entry that is too long": (length) => "a".repeat(length + 1024) },
        CONSTANT,
      );
    });
  });
}

describe("a list", () => {
  test("takes what the grammar takes, and issues all that the diagnosis finds of the rest", () => {
    const random = new Random();
    const entries = Array.from({ length: 5000 }, () => randomEntry(random));
    for (const [{ isTaken, diagnose }, read] of [[LISTS[0], readOrigins], [LISTS[1], readHosts]] as const) {
      const issues: ConfigIssue[] = [];
      const rules = read(entries, "hosts", issues);
      assertEquals(rules.map(({ place }) => place), indicesOf(entries, isTaken));
      const refused = indicesOf(entries, (entry) => !isTaken(entry));
      assertEquals(
        issues,
        refused.flatMap((index) =>
          diagnose(entries[index]).map((fault) => ({
            ...fault,
            field: "hosts",
            index,
            value: entries[index],
          }))
        ),
      );
      assert(rules.length > 100 && refused.length > 1000, `${rules.length} ${refused.length}`);
    }
  });
});

function readOrigins(list: unknown, field: string, issues: ConfigIssue[]) {
  return readPatterns(list, field, {}, issues);
}

function indicesOf(entries: readonly string[], isWanted: (entry: string) => boolean): number[] {
  return entries.flatMap((entry, index) => isWanted(entry) ? [index] : []);
}

words.end();
