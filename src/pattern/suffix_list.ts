/**
 * A list of public suffixes, packed, and the names that an operator adds to it: the type of the option `suffixes`. The
 * one public list there is comes from `./public_suffixes`, so that who does not import it does not ship it.
 *
 * The packed form is the trie of the list's rules by label, from the right, breadth first: each node is its label,
 * then one character that says what the node is and ends it. The children of a node stand together, in order; the
 * k-th node that has children owns the k-th such row.
 *
 *     rules    com   uk   co.uk   *.ck   !www.ck
 *
 *     packed   E  ckD comB ukG  *B wwwI  coC
 *              root, its three children, those of ck, those of uk
 *
 * So a name that ends many rules is written once, and unpacking is one pass that finds where the labels end. What
 * is kept is the string and two numbers a node, where a Map at each node would take ten times as much.
 */

import { type ConfigIssue, type Fault, type Options, throwIfAny } from "../config.ts";
import { endsInNumber, isCanonicalHost } from "../origin/authority.ts";
import { normalizeHost } from "./normalize.ts";

/** What a node's last character says, as bits above `@`. No label holds any of them: labels are lower case. */
const MARK = 0x40;
const LAST_OF_ROW = 1;
const RULE = 2;
const PARENT = 4;
const EXCEPTION = 8;

interface Unpacked {
  /** Node → the index of its mark. Node 0 is the root, its label empty. */
  readonly marks: Uint32Array;
  /** Node → its first child; the first child of the next node ends the row. */
  readonly children: Uint32Array;
}

/** A public list as it is published. Those made from it by `with` share it, so that it is unpacked once. */
interface Published {
  readonly packed: string;
  readonly date: string;
  unpacked: Unpacked | null;
}

interface Content {
  readonly published: Published;
  /** The operator's own names, canonical, without a dot at their end. */
  readonly own: ReadonlySet<string>;
  /** Every name above one of them. */
  readonly aboveOwn: ReadonlySet<string>;
}

/** What is in each list. Only this module can make a SuffixList or look into one. */
const contents = /* @__PURE__ */ new WeakMap<SuffixList, Content>();

interface Found {
  /** Where the public suffix starts in the name. */
  readonly start: number;
  /** There are rules for names below the name. */
  readonly goesOn: boolean;
}

/**
 * A list of the names under which strangers can register, to be given as `suffixes` to {@linkcode compileOrigins} and
 * {@linkcode compilePolicy}: `publicSuffixes` of `@wsgate/wsgate/public_suffixes`, or what its `with` returns. A copy is
 * none, by type and at run time.
 *
 * @category Policies
 */
export class SuffixList {
  /** No value has it: by type alone, what merely looks like a list is none. */
  declare private readonly brand: never;

  private constructor() {
    // `private` is a word of the type checker's: at run time anybody can call this.
    throw new TypeError("A SuffixList is what @wsgate/wsgate/public_suffixes exports");
  }

  /**
   * The public suffix of a host, by the algorithm of https://publicsuffix.org/list/: the longest rule that matches, an
   * exception before all, and the last label where no rule does. One label more is the registrable domain.
   *
   * @param host A name as browsers send it: lower case, Unicode as punycode. A dot at its end stays in the answer.
   * @returns The end of `host`, all of it where it is a suffix itself; null: it is no such name, or an address. Never
   * throws.
   *
   * @example Where other people's names begin
   * ```ts
   * import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(publicSuffixes.suffixOf("shop.example.co.uk"), "co.uk");
   * assertEquals(publicSuffixes.suffixOf("ada.github.io"), "github.io");
   * assertEquals(publicSuffixes.suffixOf("127.0.0.1"), null);
   * ```
   */
  suffixOf(host: string): string | null {
    if (typeof host !== "string" || !isCanonicalHost(host) || /^\[/.test(host) || endsInNumber(host)) {
      return null;
    }
    const name = withoutDot(host);
    const { published, own } = contents.get(this)!;
    const { start } = find(published, name);
    // The longest one wins, and an exception of the public list says nothing of a name of the operator's own.
    const ownSuffix = [name, ...ancestors(name)].find((tail) => own.has(tail));
    return host.slice(Math.min(start, name.length - (ownSuffix?.length ?? 0)));
  }

  /**
   * The day when the public list was published, as `YYYY-MM-DD`: registries and services that opened later are not on it.
   * {@linkcode lint} reports a list that is older than a year.
   */
  get date(): string {
    return contents.get(this)!.published.date;
  }

  /**
   * The same list, and names of your own below which strangers can register: a zone where each customer or each team
   * gets a name, an inner top-level domain that many share.
   *
   * @param names Names of hosts as they stand in an entry, without scheme, wildcard and port. Copied.
   * @returns A new list. A wildcard over one of the names, or over a name above it, is refused; one label further down
   * it is somebody's own. This list stays as it is.
   * @throws {ConfigError} All faults at once, as those of the option `suffixes`.
   *
   * @example A zone where every team gets a name
   * ```ts
   * import { compileOrigins, ConfigError } from "@wsgate/wsgate";
   * import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";
   * import { assertThrows } from "@std/assert";
   *
   * const suffixes = publicSuffixes.with(["corp.example"]);
   * compileOrigins(["https://*.payments.corp.example"], { suffixes });
   * assertThrows(() => compileOrigins(["https://*.corp.example"], { suffixes }), ConfigError);
   * ```
   */
  with(names: readonly string[]): SuffixList {
    const { published, own } = contents.get(this)!;
    const issues: ConfigIssue[] = [];
    const read = readNames(names, issues);
    throwIfAny(issues);
    return makeList(published, new Set([...own, ...read]));
  }
}

/**
 * Takes a list as `tests/pack_public_suffixes.ts` packs it, and looks into it when it is first asked. `date`: when it
 * was published, `YYYY-MM-DD`.
 */
export function makeSuffixList(packed: string, date: string): SuffixList {
  return makeList({ packed, date, unpacked: null }, new Set());
}

function makeList(published: Published, own: ReadonlySet<string>): SuffixList {
  const list: SuffixList = Object.freeze(Object.create(SuffixList.prototype));
  contents.set(list, { published, own, aboveOwn: new Set([...own].flatMap(ancestors)) });
  return list;
}

/** Reports whether a canonical name of several labels is a suffix of the public list, or has one below it. */
export function isOnOrAbove(list: SuffixList, name: string): boolean {
  const { start, goesOn } = find(contents.get(list)!.published, name);
  return start === 0 || goesOn;
}

/** Reports whether a canonical name is one of those that the operator has added, or has one below it. */
export function isOwnOrAbove(list: SuffixList, name: string): boolean {
  const { own, aboveOwn } = contents.get(list)!;
  return own.has(name) || aboveOwn.has(name);
}

/** Every name above a name, the longest first. */
export function ancestors(name: string): string[] {
  const labels = name.split(".");
  return labels.slice(1).map((_, index) => labels.slice(index + 1).join("."));
}

/** The option `suffixes`; null: it is left out, or wrong, which goes to `issues`. */
export function readSuffixes(options: Options, issues: ConfigIssue[]): SuffixList | null {
  // Not `=== undefined`: a name misspelt after import() must not mean the short list.
  if (!("suffixes" in options)) return null;
  const value = options.suffixes;
  if (contents.has(value as SuffixList)) return value as SuffixList;
  issues.push({
    code: "wrong-type",
    field: "suffixes",
    index: -1,
    value,
    fix:
      'Give `publicSuffixes` of "@wsgate/wsgate/public_suffixes" itself, of this very version, or leave it out. ' +
      "Add names of your own with publicSuffixes.with([...])",
  });
  return null;
}

/** The names given to `with`, canonical. */
function readNames(names: unknown, issues: ConfigIssue[]): string[] {
  const field = "suffixes";
  if (!Array.isArray(names)) {
    issues.push({ code: "not-a-list", field, index: -1, value: names, fix: "Give an array of names" });
    return [];
  }
  const read: string[] = [];
  // By index, not by iterator: a hole in the array is a name that was not set.
  for (let index = 0; index < names.length; index++) {
    const value = names[index];
    const name = typeof value === "string" ? readName(value) : null;
    if (name === null) issues.push({ ...nameFault(value), field, index, value });
    else read.push(name);
  }
  return read;
}

/** A name as a wildcard may stand over it, so no address; null: it is none. */
function readName(text: string): string | null {
  const host = normalizeHost(text, true);
  return host && withoutDot(host);
}

function nameFault(value: unknown): Fault {
  if (typeof value !== "string") {
    return { code: "not-a-string", fix: "Give each name as a string, or leave it out" };
  }
  const [, wildcard, text] = /^(?:[^/]*:\/\/)?(\*?\.)?([^/:]*)/.exec(value)!;
  const name = readName(text!);
  const write = name === null ? "" : `: ${JSON.stringify(name)}`;
  return wildcard === undefined
    ? { code: "host-malformed", fix: `Write the name of a host, and nothing else${write}` }
    : { code: "wildcard-malformed", fix: `Write the name without a wildcard${write}` };
}

function withoutDot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

/** Walks the labels of a canonical name without a dot at its end. */
function find(published: Published, name: string): Found {
  const { packed } = published;
  const { marks, children } = published.unpacked ??= unpack(packed);
  const label = (node: number) => packed.slice(marks[node - 1]! + 1, marks[node]);
  let node = 0;
  let end = name.length;
  // Where no rule matches, the last label is the suffix.
  let start = name.lastIndexOf(".") + 1;
  while (true) {
    const labelStart = name.lastIndexOf(".", end - 1) + 1;
    const wanted = name.slice(labelStart, end);
    let low = children[node]!;
    let high = children[node + 1]!;
    // Before letters, digits and the hyphen: the first of its row. It has no children.
    if (low < high && label(low) === "*") start = labelStart;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (label(middle) < wanted) low = middle + 1;
      else high = middle;
    }
    if (low === children[node + 1] || label(low) !== wanted) return { start, goesOn: false };

    node = low;
    const mark = packed.charCodeAt(marks[node]!) - MARK;
    if (mark & EXCEPTION) return { start: end + 1, goesOn: false };
    if (mark & RULE) start = labelStart;
    if (labelStart === 0) return { start, goesOn: (mark & PARENT) !== 0 };
    end = labelStart - 1;
  }
}

function unpack(packed: string): Unpacked {
  const marks: number[] = [];
  const rowEnds: number[] = [];
  // Not a loop over charCodeAt(): code that runs once is not compiled, and the search within a regular expression is.
  const marked = /[@-O]/g;
  while (marked.test(packed)) {
    const index = marked.lastIndex - 1;
    marks.push(index);
    if ((packed.charCodeAt(index) - MARK) & LAST_OF_ROW) rowEnds.push(marks.length);
  }
  // Where the row before ends, the next one begins: the root's own row is the first.
  const children = new Uint32Array(marks.length + 1);
  let row = 0;
  marks.forEach((index, node) => {
    children[node] = rowEnds[row]!;
    if ((packed.charCodeAt(index) - MARK) & PARENT) row++;
  });
  children[marks.length] = rowEnds[row]!;
  return { marks: Uint32Array.from(marks), children };
}
