/** What the library says, as elements. Every word of it goes in as text. */

import { type ConfigError, type Explanation, formatExplanation, type LintFinding } from "../../../mod.ts";
import { type TreeEntry, type TreeNode, treeOf } from "../../../src/cli/tree.ts";
import { element, find, update } from "../../lab/pages/dom.ts";
import type { WrittenPolicy } from "../../lab/pages/policy_code.ts";

/** More than anybody reads; a pasted list of any length must not stop the page. */
const MOST_SHOWN = 200;

/** What keeps the policy from being used. */
export function showFaults(
  faults: ConfigError["issues"],
  lists: Readonly<Record<string, HTMLTextAreaElement>>,
): void {
  for (const [name, list] of Object.entries(lists)) {
    list.setAttribute("aria-invalid", String(faults.some(({ field }) => field === name)));
  }
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  update(
    find("#faults"),
    faults.length === 0
      ? element("p", "in-force", "A server starts with it.")
      : element("p", "not-in-force", `${count}: a server does not start with it.`),
    element(
      "ul",
      "faults",
      ...faults.slice(0, MOST_SHOWN).map(({ field, index, value, code, fix }) =>
        element("li", "", entryLine(field, index, value, code), element("p", "fix", fix))
      ),
    ),
  );
}

/** What is right, and perhaps not meant. */
export function showFindings(findings: readonly LintFinding[]): void {
  update(
    find("#findings ul"),
    ...findings.slice(0, MOST_SHOWN).map((found) =>
      element(
        "li",
        levelOf(found),
        entryLine(found.field, found.index, found.value, found.code),
        element("p", "", `${found.text}.`),
      )
    ),
  );
  find("#findings > .faint").textContent = findings.length === 0
    ? "Nothing: no entry is needless, and none lets in more than it seems to."
    : beyond(findings.length, "findings");
}

/** A note, where nothing says how much it matters. */
function levelOf(found: LintFinding & { readonly level?: string }): string {
  return found.level === "danger" ? "danger-found" : "note-found";
}

function entryLine(field: string, index: number, value: unknown, code: string): HTMLElement {
  const shown = typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
  return element(
    "p",
    "",
    element("code", "", index < 0 ? field : `${field}[${index}]`),
    " ",
    element("code", "value", shown),
    " ",
    element("span", "code", code),
  );
}

function beyond(count: number, what: string): string {
  return count > MOST_SHOWN ? `The first ${MOST_SHOWN} of ${count} ${what}.` : "";
}

/** The verdict, and the words for it as a terminal shows them. Null: nothing was asked. */
export function showExplanation(explanation: Explanation | null): void {
  const outcome = find("#verdict .outcome");
  const words = find("#explanation");
  if (explanation === null) {
    find("#verdict").dataset.outcome = "none";
    setText(outcome, "No handshake yet");
    words.textContent = "There is no header in what was pasted: Name: value, one a line.";
    return;
  }
  const { decision } = explanation;
  find("#verdict").dataset.outcome = decision.allowed ? "allowed" : "refused";
  setText(outcome, decision.allowed ? "Allowed" : `Refused: ${decision.status} ${decision.reason}`);
  const text = formatExplanation(explanation, "text", { columns: columnsOf(words) });
  // The verdict is its first line, and stands above.
  words.textContent = text.slice(text.indexOf("\n") + 2).replace(/^ {2}/gm, "");
}

/** Not again what it says already: a screen reader would read it out each time. */
function setText(to: HTMLElement, text: string): void {
  if (to.textContent !== text) to.textContent = text;
}

/** How many characters of it fit into a line of an element; two more are those that every line begins with. */
function columnsOf(words: HTMLElement): number {
  const probe = element("span", "", "0".repeat(100));
  words.replaceChildren(probe);
  const one = probe.getBoundingClientRect().width / 100;
  probe.remove();
  return Math.max(24, Math.floor(words.clientWidth / one)) + 2;
}

/** The lists as the matcher walks them: names from right to left, and at each end what is listed there. */
export function showTree(
  { origins, dangerouslyAllow = [] }: WrittenPolicy,
  explanation: Explanation | null,
): void {
  const tree = treeOf([
    { list: "origins", entries: origins.slice(0, MOST_SHOWN) },
    { list: "dangerouslyAllow", entries: dangerouslyAllow.slice(0, MOST_SHOWN) },
  ]);
  const decided = explanation?.rule ?? null;
  const near = explanation?.nearest[0]?.entry ?? null;
  const isAt = (entry: Place, place: typeof decided) =>
    place !== null && place.list === entry.field && place.index === entry.index;
  const line = (entry: Place, meaning: string) => {
    const mark = isAt(entry, decided) ? "lets it in" : isAt(entry, near) ? "nearest" : "";
    return element(
      "p",
      mark === "" ? "leaf" : `leaf ${mark === "nearest" ? "near" : "decided"}`,
      element("span", "faint", meaning),
      " ",
      element("code", "value", entry.pattern),
      " ",
      element(
        "code",
        "faint",
        entry.field === "origins" ? `[${entry.index}]` : `${entry.field}[${entry.index}]`,
      ),
      ...mark === "" ? [] : [" ", element("span", "mark", mark)],
    );
  };
  const item = (node: TreeNode): HTMLElement =>
    element(
      "li",
      "",
      element("code", node.label === "*" ? "label wild" : "label", node.label),
      ...node.entries.map((entry) => line(entry, meaningOf(entry))),
      ...branches(node.children),
    );
  const branches = (nodes: readonly TreeNode[]) =>
    nodes.length === 0 ? [] : [element("ul", "branches", ...nodes.map(item))];
  const hostless = tree.hostless.map((entry) => line(entry, HOSTLESS[entry.pattern] ?? "anybody"));
  const drawn = [...hostless, ...branches(tree.root.children)];
  update(
    find("#tree .sheet"),
    ...drawn.length > 0 ? drawn : [element("p", "", "The list is empty: it refuses every origin.")],
  );
  find("#tree > .faint").textContent = beyond(Math.max(origins.length, dangerouslyAllow.length), "entries");
}

type Place = Pick<TreeEntry, "field" | "index" | "pattern">;

const HOSTLESS: Readonly<Record<string, string>> = { "'self'": "the Host’s own", "null": "no origin" };

function meaningOf({ scheme, port }: TreeEntry): string {
  const ports = port === null ? "any port" : port === 0 ? "no port" : `port ${port}`;
  return `${scheme ?? "any scheme"}, ${ports}`;
}
