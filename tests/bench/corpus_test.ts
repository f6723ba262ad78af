/**
 * Lists and corpora hold what the tables say they hold.
 *
 * @module
 */

import { describe, it } from "node:test";
import { compileOrigins } from "@wsgate/wsgate";
import { assertEquals, assertNotEquals } from "@std/assert";
import { corpus, FORMS, type Kind, KINDS, patternList, WARM } from "../../bench/corpus.ts";
import { classify } from "../matcher/naive.ts";

const siteOf = (pattern: string) => pattern.replace(/^https:\/\/(?:\*\.)?|^\./, "");

describe("patternList", () => {
  it("is one third each form, over distinct sites, and compiles", () => {
    const patterns = patternList(3000);
    const forms = [/^https:\/\/[a-z]/, /^https:\/\/\*\.[a-z]/, /^\.[a-z]/];
    assertEquals(forms.map((form) => patterns.filter((pattern) => form.test(pattern)).length), [
      1000,
      1000,
      1000,
    ]);
    assertEquals(FORMS.length, 3);
    assertEquals(compileOrigins(patterns).patterns, patterns);
  });

  it("has no site twice, however long it is", () => {
    assertEquals(new Set(patternList(300_000).map(siteOf)).size, 300_000);
  });
});

describe("corpus", () => {
  const origins = (patterns: number, size: number) => {
    const made = corpus(patterns, size);
    return Array.from(
      { length: size },
      (_, index) => ({ origin: made.decode(index), kind: made.kinds[index]! }),
    );
  };
  const sites = (patterns: number) => new Set(patternList(patterns).map(siteOf));

  it("has nine kinds in equal parts", () => {
    for (const patterns of [3, 1000, 10_000]) {
      const kinds = Map.groupBy(origins(patterns, 9000), ({ kind }) => kind);
      assertEquals(KINDS.map((kind) => kinds.get(kind)?.length), KINDS.map(() => 1000));
    }
  });

  it("each origin is of the kind it is said to be", () => {
    const known = sites(1000);
    const isA: Readonly<Record<Kind, (scheme: string, host: string, port: number | null) => boolean>> = {
      "the site": (scheme, host, port) => scheme === "https" && known.has(host) && port === 443,
      "one label below": (scheme, host, port) =>
        scheme === "https" && known.has(host.replace(/^[^.]+\./, "")) && port === 443,
      "two labels below": (scheme, host, port) =>
        scheme === "https" && known.has(host.replace(/^[^.]+\.[^.]+\./, "")) && port === 443,
      "http": (scheme, host, port) => scheme === "http" && known.has(host) && port === 80,
      "a prefix glued on": (_, host) => !known.has(host) && [...known].some((site) => host.endsWith(site)),
      "a stranger": (_, host) => ![...known].some((site) => host.includes(site)),
      "another port": (scheme, host, port) => scheme === "https" && known.has(host) && port! >= 8000,
      "null": () => false,
      "the site in front of a stranger": (_, host) => [...known].some((site) => host.startsWith(site + ".")),
    };
    for (const { origin, kind } of origins(1000, WARM)) {
      const parts = classify(origin);
      const fits = parts.kind === "tuple" ? isA[kind](parts.scheme, parts.host, parts.port) : origin === kind;
      assertEquals([origin, kind, fits], [origin, kind, true]);
    }
  });

  it("is about as many sites as there are, and each form meets each kind", () => {
    const about = new Set(
      origins(10_000, 10_000).filter(({ kind }) => kind === "the site").map(({ origin }) => origin),
    );
    assertEquals(about.size, Math.ceil(10_000 / KINDS.length));
    const patterns = patternList(3);
    const met = new Set(
      origins(3, WARM).flatMap(({ origin, kind }) =>
        patterns.flatMap((pattern, form) => origin.includes(siteOf(pattern)) ? [`${kind} ${form}`] : [])
      ),
    );
    // Strangers and "null" are about no site.
    assertEquals(met.size, 3 * (KINDS.length - 2));
  });

  it("begins again where it ends, and gives the same origins each time", () => {
    const made = corpus(100, 900);
    assertEquals(made.decode(907), made.decode(7));
    assertEquals(origins(100, 50), origins(100, 50));
    assertNotEquals(made.decode(0), made.decode(1));
  });
});
