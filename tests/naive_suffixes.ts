/**
 * What a list of public suffixes says of a name, read straight from the text of
 * https://github.com/publicsuffix/list/wiki/Format: no trie, nothing packed.
 *
 * @module
 */

/** A list's rules, ASCII. */
export class NaiveSuffixes {
  readonly #rules: ReadonlySet<string>;
  /** Every name to the right of a rule's first label, and so on. */
  readonly #above: ReadonlySet<string>;

  constructor(rules: readonly string[]) {
    this.#rules = new Set(rules);
    this.#above = new Set(
      rules.filter((rule) => !rule.startsWith("!")).flatMap((rule) => tails(rule).slice(1)),
    );
  }

  /** The public suffix of a name. */
  suffixOf(name: string): string {
    const matching = tails(name).flatMap((tail) => {
      const anyFirst = tail.replace(/^[^.]+/, "*");
      return [`!${tail}`, tail, anyFirst].filter((rule) => this.#rules.has(rule)).map((rule) => ({
        rule,
        tail,
      }));
    });
    // "If more than one rule matches, the prevailing rule is the one which is an exception rule."
    const exception = matching.find(({ rule }) => rule.startsWith("!"));
    if (exception !== undefined) return tails(exception.tail)[1]!;
    // "If there is no matching exception rule, the prevailing rule is the one with the most labels." Those come first.
    // "If no rules match, the prevailing rule is '*'."
    return matching[0]?.tail ?? tails(name).at(-1)!;
  }

  /** A wildcard over a name of several labels would cover other people's names. */
  isShared(name: string): boolean {
    return this.suffixOf(name) === name || this.#above.has(name);
  }
}

/** `a.b.c`, `b.c`, `c`. */
function tails(name: string): string[] {
  const labels = name.split(".");
  return labels.map((_, index) => labels.slice(index).join("."));
}
