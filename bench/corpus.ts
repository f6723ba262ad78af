/**
 * Lists of patterns and the origins they are asked about, the same on every run and both runtimes.
 *
 * A list is one third `https://site`, one third `https://*.site`, one third `.site`, over distinct sites. A corpus is
 * nine kinds of origins in equal parts, most of them near misses: what an attacker would send, and what a matcher has
 * to look at closest. Origins are kept as bytes and decoded afresh for each call: a header arrives as a string that
 * nobody has hashed yet, and one string used over and over flatters every `Map` and `Set`.
 *
 * @module
 */

import { Random } from "../tests/random.ts";

/** The kinds of origins in a corpus, in the order in which they take turns. */
export const KINDS = [
  "the site",
  "one label below",
  "two labels below",
  "http",
  "a prefix glued on",
  "a stranger",
  "another port",
  "null",
  "the site in front of a stranger",
] as const;

/** A kind of origin. */
export type Kind = typeof KINDS[number];

/** What stands before the site in a list, in the order in which they take turns. */
export const FORMS = ["https://", "https://*.", "."] as const;

/** No list is longer: names from here on belong to strangers. */
export const MAX_PATTERNS = 2 ** 20;
/** Origins of the corpus that fits into the processor's caches. */
export const WARM = 1000;

/** `count` patterns over as many distinct sites. */
export function patternList(count: number): string[] {
  return Array.from(
    { length: count },
    (_, index) => FORMS[index % FORMS.length]! + site(index),
  );
}

/** Origins as bytes. */
export class Corpus {
  readonly kinds: readonly Kind[];
  readonly #bytes: Uint8Array;
  /** Where each begins, and the last one ends. */
  readonly #bounds: Uint32Array;
  readonly #decoder = new TextDecoder();

  constructor(origins: readonly { readonly kind: Kind; readonly origin: string }[]) {
    this.#bytes = new TextEncoder().encode(origins.map(({ origin }) => origin).join(""));
    this.#bounds = new Uint32Array(origins.length + 1);
    origins.forEach(({ origin }, index) => this.#bounds[index + 1] = this.#bounds[index]! + origin.length);
    this.kinds = origins.map(({ kind }) => kind);
  }

  get length(): number {
    return this.kinds.length;
  }

  /** A string that nothing has seen before, at each call; the corpus begins again where it ends. */
  decode(index: number): string {
    const at = index % this.length;
    return this.#decoder.decode(this.#bytes.subarray(this.#bounds[at], this.#bounds[at + 1]));
  }
}

/**
 * `size` origins about a list of `patterns`, in an order drawn once: each about another site as long as there are
 * enough, else about all of them in turns.
 */
export function corpus(patterns: number, size: number): Corpus {
  const random = new Random(patterns);
  // Or kinds and forms, which both take turns, would meet in a third of the combinations alone.
  const sites = random.shuffle(Array.from({ length: patterns }, (_, index) => index));
  const origins = Array.from({ length: size }, (_, index) => {
    const number = index % KINDS.length;
    const turn = Math.floor(index / KINDS.length);
    const kind = KINDS[number]!;
    const about = sites[size <= patterns ? index : (turn + 7 * number) % patterns]!;
    return { kind, origin: originOf(kind, site(about), turn) };
  });
  // A processor learns an order that repeats itself, and nobody's visitors come in one.
  return new Corpus(random.shuffle(origins));
}

const LABELS = ["www", "app", "api", "shop", "mail", "eu", "cdn", "blog", "admin", "dev", "docs", "static"];

function originOf(kind: Kind, name: string, turn: number): string {
  const label = LABELS[turn % LABELS.length]! +
    (turn < LABELS.length ? "" : Math.floor(turn / LABELS.length));
  switch (kind) {
    case "the site":
      return `https://${name}`;
    case "one label below":
      return `https://${label}.${name}`;
    case "two labels below":
      return `https://${label}.eu.${name}`;
    case "http":
      return `http://${name}`;
    case "a prefix glued on":
      return `https://${label}${name}`;
    case "a stranger":
      return `https://${site(MAX_PATTERNS + turn)}`;
    case "another port":
      return `https://${name}:${8000 + turn % 50_000}`;
    case "null":
      return "null";
    case "the site in front of a stranger":
      return `https://${name}.${site(MAX_PATTERNS + turn)}`;
  }
}

// Consonants, then one vowel: a name can be cut into its syllables in one way only, so names differ as numbers do.
const ONSETS = "b br c cl d dr f fl g gr h j k l m n p pl pr qu r s sh sl st t tr v w x y z".split(" ");
const SYLLABLES = ONSETS.flatMap((onset) => ["a", "e", "i", "o"].map((vowel) => onset + vowel));
const ENDINGS = ["", "", "-app", "-shop"];
const SUFFIXES = [
  ..."com com com com com com org net de io".split(" "),
  "dev",
  "co.uk",
  "com.br",
  "fr",
  "nl",
  "eu",
];

/** The site of a number below 2 ** 21: seven to twenty characters, distinct, with the suffixes that are commonest. */
function site(number: number): string {
  // The low bits of a product with an odd number are a permutation; without one, neighbours in a list would be
  // neighbours in the alphabet.
  const mixed = Math.imul(number, 0x9e3779b1) & (2 ** 21 - 1);
  const syllable = (shift: number) => SYLLABLES[(mixed >>> shift) % SYLLABLES.length]!;
  const ending = ENDINGS[mixed % 7 % ENDINGS.length]!;
  return `${syllable(0)}${syllable(7)}${syllable(14)}${ending}.${SUFFIXES[mixed % SUFFIXES.length]}`;
}
