/**
 * The suffix tree of a list, drawn: each label hangs below the one to its right, and `*` stands for all that may be
 * to the left.
 */

import { parsePattern } from "../pattern/pattern.ts";
import { type HostRule, reachesBelow, reachesHost } from "../pattern/rule.ts";
import { quote } from "../quote.ts";
import { type Lists, webOrigins } from "../verdict/policy.ts";

/** A label, or several of them where nothing branches off between; what ends there, and what goes on to the left. */
export interface TreeNode {
  /** As in a name: `app.example` below `com` is `app.example.com`. `*`: all that may stand here. */
  readonly label: string;
  /** The entries that end here. */
  readonly entries: readonly TreeEntry[];
  readonly children: readonly TreeNode[];
}

/** One entry of a list, where it ends in the tree. */
export interface TreeEntry {
  readonly field: string;
  readonly index: number;
  readonly pattern: string;
  /** Null: any. */
  readonly scheme: string | null;
  /** Effective; null: any; 0: none, for a scheme that has no default. */
  readonly port: number | null;
}

/** A tree, and the entries that name no host. */
export interface Tree {
  readonly root: TreeNode;
  /** `*`, `null` and `'self'`. */
  readonly hostless: readonly Pick<TreeEntry, "field" | "index" | "pattern">[];
}

interface Growing {
  readonly entries: TreeEntry[];
  readonly children: Map<string, Growing>;
}

/** The tree of a policy's lists of origins. */
export function treeOf(lists: Lists): Tree {
  const root: Growing = { entries: [], children: new Map() };
  const hostless: Tree["hostless"][number][] = [];
  for (const { list: field, entries } of lists) {
    entries.forEach((pattern, index) => {
      const parsed = parsePattern(pattern)?.rule;
      if (parsed?.kind !== "host") {
        hostless.push({ field, index, pattern });
        return;
      }
      for (const rule of field === "allowedHosts" ? webOrigins(parsed) : [parsed]) {
        const entry = { field, index, pattern, scheme: rule.scheme, port: rule.port };
        const node = labelsOf(rule).reduce(child, root);
        if (reachesHost(rule)) node.entries.push(entry);
        if (reachesBelow(rule)) child(node, "*").entries.push(entry);
      }
    });
  }
  return { root: nodeOf(".", root), hostless };
}

function labelsOf({ host }: HostRule): string[] {
  // Addresses have no suffixes.
  return host === ""
    ? []
    : host.startsWith("[") || /^[\d.]+$/.test(host)
    ? [host]
    : host.split(".").reverse();
}

function child(node: Growing, label: string): Growing {
  let next = node.children.get(label);
  if (next === undefined) node.children.set(label, next = { entries: [], children: new Map() });
  return next;
}

function nodeOf(label: string, { entries, children }: Growing): TreeNode {
  const nodes = Array.from(children, ([name, node]) => {
    let [text, end] = [name, node];
    // As long as nothing ends here and nothing branches off; a `*` keeps its own line.
    while (end.entries.length === 0 && end.children.size === 1 && !end.children.has("*")) {
      const [[next, below]] = [...end.children] as [[string, Growing]];
      [text, end] = [`${next}.${text}`, below];
    }
    return nodeOf(text, end);
  });
  // `*` first, as it is the widest; names in the order of the alphabet.
  nodes.sort((a, b) => a.label === "*" ? -1 : b.label === "*" ? 1 : a.label < b.label ? -1 : 1);
  return { label, entries, children: nodes };
}

/** Draws a tree; `paint` colors what it is given. */
export function drawTree(
  { root, hostless }: Tree,
  paint: (color: "dim" | "entry" | "wild", text: string) => string,
): string[] {
  const rows: { branch: string; label: string; entry: TreeEntry | undefined }[] = [];
  const walk = (node: TreeNode, stem: string, branch: string) => {
    const [first, ...more] = node.entries;
    rows.push({ branch, label: node.label, entry: first });
    const below = node.children.length > 0 ? "│  " : "   ";
    for (const entry of more) rows.push({ branch: stem + below, label: "", entry });
    node.children.forEach((it, index) => {
      const last = index === node.children.length - 1;
      walk(it, stem + (last ? "   " : "│  "), stem + (last ? "└─ " : "├─ "));
    });
  };
  walk(root, "", "");
  const left = rows.reduce((most, { branch, label }) => Math.max(most, branch.length + label.length), 0);
  const means = rows.map(({ entry }) => entry === undefined ? "" : meaning(entry));
  const middle = means.reduce((most, text) => Math.max(most, text.length), 0);
  const lines = rows.map(({ branch, label, entry }, row) => {
    const drawn = paint("dim", branch) + (label === "*" ? paint("wild", label) : label);
    if (entry === undefined) return drawn;
    const gap = " ".repeat(left - branch.length - label.length + 3);
    return `${drawn}${gap}${paint("dim", means[row]!.padEnd(middle))}   ${paint("entry", nameOf(entry))}`;
  });
  const others = hostless.map((it) => `${HOSTLESS[it.pattern] ?? "anybody"}   ${paint("entry", nameOf(it))}`);
  // Without hosts there is no tree.
  return [...others, ...others.length > 0 && rows.length > 1 ? [""] : [], ...rows.length > 1 ? lines : []];
}

const HOSTLESS: Readonly<Record<string, string>> = { "'self'": "the Host's own", "null": "no origin" };

function meaning({ scheme, port }: TreeEntry): string {
  const ports = port === null ? "any port" : port === 0 ? "no port" : String(port);
  return `${scheme ?? "any scheme"}, ${ports}`;
}

function nameOf({ pattern, field, index }: Pick<TreeEntry, "field" | "index" | "pattern">): string {
  const shown = quote(pattern);
  const place = field === "debug" ? "(debug)" : `${field === "origins" ? "" : field}[${index}]`;
  return `${shown === `"${pattern}"` ? pattern : shown}  ${place}`;
}
