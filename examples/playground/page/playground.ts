/** The playground: reads what was written, asks the library, and shows what it says. */

import {
  compilePolicy,
  ConfigError,
  explain,
  type Handshake,
  lint,
  type NearMiss,
  type Policy,
  type Suggestion,
} from "../../../mod.ts";
import { handshakeOf, readHandshake } from "../../../src/cli/handshake_text.ts";
import { copyable } from "../../lab/pages/copy.ts";
import { element, find, show } from "../../lab/pages/dom.ts";
import { policyCode, type WrittenPolicy } from "../../lab/pages/policy_code.ts";
import { ASKERS, ENTRIES, FIRST, HANDSHAKES } from "./samples.ts";
import { showExplanation, showFaults, showFindings, showTree } from "./views.ts";

const TYPING_MS = 120;

const lists = {
  origins: find<HTMLTextAreaElement>("#origins"),
  hosts: find<HTMLTextAreaElement>("#hosts"),
  dangerouslyAllow: find<HTMLTextAreaElement>("#dangerouslyAllow"),
};
const choices = { absent: find<HTMLSelectElement>("#absent"), scheme: find<HTMLSelectElement>("#scheme") };
const debug = find<HTMLInputElement>("#debug");
const typed = { origin: find<HTMLInputElement>("#origin"), host: find<HTMLInputElement>("#host") };
const pasted = find<HTMLTextAreaElement>("#text");
const showCode = copyable(find<HTMLButtonElement>("#copy"), find("#code code"), find("#copied"));

/** The last policy without a fault, and what it was written as. */
let good: { readonly policy: Policy; readonly written: WrittenPolicy };

// ------------------------------------------------------------------------------------------- what is written

/** A policy as the form shows it; what is left out there is left out of the code as well. */
function written(): WrittenPolicy {
  const hosts = entries(lists.hosts);
  const dangerouslyAllow = entries(lists.dangerouslyAllow);
  return {
    origins: entries(lists.origins),
    ...dangerouslyAllow.length === 0 ? {} : { dangerouslyAllow },
    ...hosts.length === 0 ? {} : { hosts },
    // Whatever a field holds is judged by compilePolicy.
    ...choices.absent.value === "" ? {} : { absent: choices.absent.value as "deny" },
    ...choices.scheme.value === "" ? {} : { scheme: choices.scheme.value as "https" },
    ...debug.checked ? { debug: true } : {},
  };
}

/** The entries of a list, as they stand. Empty lines are none. */
function entries(list: HTMLTextAreaElement): string[] {
  return list.value.split("\n").filter((line) => line !== "");
}

function fill(
  { origins, hosts = [], dangerouslyAllow = [], absent, scheme, debug: on }: WrittenPolicy,
) {
  lists.origins.value = origins.join("\n");
  lists.hosts.value = hosts.join("\n");
  lists.dangerouslyAllow.value = dangerouslyAllow.join("\n");
  choices.absent.value = absent ?? "";
  choices.scheme.value = scheme ?? "";
  debug.checked = on === true;
  if (hosts.length + dangerouslyAllow.length > 0 || absent || scheme || on) openMore();
}

function openMore(): void {
  find<HTMLDetailsElement>("#more").open = true;
}

function isPasted(): boolean {
  return find<HTMLInputElement>("[name=way][value=pasted]").checked;
}

/** Null: there is none in what was pasted. */
function handshake(): Handshake | null {
  if (isPasted()) return readHandshake(pasted.value);
  const origin = typed.origin.value;
  const host = typed.host.value;
  // As a server without TLS of its own sees it, behind a proxy or not.
  return handshakeOf(host === "" ? "/" : `http://${host}/`, [
    ...host === "" ? [] : [["host", host] as const],
    ...origin === "" ? [] : [["origin", origin] as const],
  ]);
}

// --------------------------------------------------------------------------------------------- what is shown

function judge(): void {
  const now = written();
  let faults: ConfigError["issues"] = [];
  try {
    good = { policy: compilePolicy(now), written: now };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults = error.issues;
  }
  showFaults(faults, lists);
  // What has to be changed must not be behind a summary.
  if (faults.some(({ field, code }) => field !== "origins" || code === "self-without-hosts")) openMore();
  show(".stale", faults.length > 0);
  find<HTMLButtonElement>("#copy").disabled = faults.length > 0;
  showCode(policyCode(good.written));
  showFindings(lint(good.written));
  answer();
}

function answer(): void {
  const asked = handshake();
  const explanation = asked === null ? null : explain(asked, good.policy);
  showExplanation(explanation);
  showTree(good.written, explanation);
  offer(explanation?.nearest ?? []);
  find("#remark").textContent = isPasted() && asked !== null && !asksForWebSocket(asked)
    ? "What was pasted does not ask for a WebSocket: it has no Upgrade: websocket. Copy the request of the socket itself."
    : "";
}

function asksForWebSocket({ headers }: Handshake): boolean {
  return headers.get("upgrade")?.toLowerCase() === "websocket";
}

/** The suggestion that the explanation's words end with, as a button. */
function offer(nearest: readonly NearMiss[]): void {
  const suggestion = nearest.find(({ suggestion }) => suggestion !== null)?.suggestion ?? null;
  if (suggestion === null) return find("#suggestion").replaceChildren();
  const { field } = suggestion;
  const what = field === "debug"
    ? "Set debug"
    : field === "absent" || field === "scheme"
    ? `Set ${field} to it`
    : `Add it to ${field}`;
  const button = element("button", "", what);
  button.type = "button";
  button.onclick = () => follow(suggestion);
  find("#suggestion").replaceChildren(button);
}

function follow({ field, entry }: Suggestion): void {
  if (field === "absent" || field === "scheme") choices[field].value = entry;
  else if (field === "debug") debug.checked = true;
  // The playground has no list of the other kind.
  else if (field !== "allowedHosts") add(lists[field], entry);
  if (field !== "origins") openMore();
  judge();
  // The button is gone, or another one.
  find("#verdict .outcome").focus();
}

function add(list: HTMLTextAreaElement, entry: string): void {
  list.value = [...entries(list), entry].join("\n");
}

// ------------------------------------------------------------------------------------------------ what happens

function showWay(): void {
  show("#typed", !isPasted());
  show("#pasted", isPasted());
}

function afterTyping(then: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(then, TYPING_MS);
  };
}

function chips(into: string, labels: Iterable<string>, pressed: (label: string) => void): void {
  for (const label of labels) {
    const chip = element("button", "chip", label);
    chip.type = "button";
    chip.onclick = () => pressed(label);
    find(into).append(chip, " ");
  }
}

for (const list of Object.values(lists)) list.oninput = afterTyping(judge);
for (const field of [...Object.values(typed), pasted]) field.oninput = afterTyping(answer);
for (const choice of [...Object.values(choices), debug]) choice.onchange = judge;
for (const way of document.querySelectorAll<HTMLInputElement>("[name=way]")) {
  way.onchange = () => {
    showWay();
    answer();
  };
}
chips("#entries", ENTRIES, (entry) => {
  add(lists.origins, entry);
  judge();
});
chips("#askers", Object.keys(ASKERS), (label) => {
  typed.origin.value = ASKERS[label]!;
  answer();
});
chips("#examples", Object.keys(HANDSHAKES), (label) => {
  pasted.value = HANDSHAKES[label]!;
  answer();
});

/**
 * What stands after `#`: a policy as JSON, which is how another page hands one over. Anybody can make such a link, so it
 * fills the form and does nothing else.
 */
function linked(): WrittenPolicy | null {
  try {
    const { origins, hosts = [], absent } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
    if (
      ![origins, hosts].every((list) => Array.isArray(list) && list.every((it) => typeof it === "string"))
    ) {
      return null;
    }
    return { origins, hosts, ...absent === undefined ? {} : { absent } };
  } catch {
    return null;
  }
}

typed.origin.value = FIRST.origin;
typed.host.value = FIRST.host;
good = { policy: compilePolicy(FIRST.policy), written: FIRST.policy };
fill(linked() ?? FIRST.policy);
// A browser that goes back here keeps which one was chosen.
showWay();
judge();
addEventListener("hashchange", () => {
  fill(linked() ?? FIRST.policy);
  judge();
});
addEventListener("resize", afterTyping(answer));
