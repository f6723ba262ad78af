/** The good site's page: the note over the guarded socket, the policy over the control socket. */

import type { Note, PolicyForm, SiteNews } from "../messages.ts";
import { copyable } from "./copy.ts";
import { element, find, show, stayConnected } from "./dom.ts";
import { policyCode, type WrittenPolicy } from "./policy_code.ts";

const TYPING_MS = 150;

interface Me {
  readonly user: string | null;
  readonly attacker: number;
}

const { user, attacker }: Me = await (await fetch("/me")).json();
find("#address").textContent = location.origin;
show("[data-when=in]", user !== null);
show("[data-when=out]", user === null);

// ------------------------------------------------------------------------------------------------- the note

if (user !== null) {
  find("#user").textContent = user;
  // The attacker that matches the name this page was opened by.
  const host = location.hostname === "localhost" ? "localhost" : location.hostname.replace(/^app\./, "evil.");
  find<HTMLAnchorElement>("#go").href = `http://${host}:${attacker}/`;
  openNote();
}

function openNote(): void {
  const field = find<HTMLTextAreaElement>("#note");
  const state = find("#note-state");
  const socket = new WebSocket("/guarded");
  socket.onmessage = ({ data }) => {
    const news: Note = JSON.parse(String(data));
    if (field.value !== news.note) field.value = news.note ?? "";
    state.textContent = "Connected.";
  };
  socket.onclose = ({ code }) => {
    if (code === 4401) return location.reload();
    state.textContent = "Not connected: the policy below refuses this page too.";
    setTimeout(openNote, 2000);
  };
  field.oninput = () => {
    if (socket.readyState === WebSocket.OPEN) socket.send(field.value);
  };
}

// ----------------------------------------------------------------------------------------------- the policy

const lists = { origins: find<HTMLTextAreaElement>("#origins"), hosts: find<HTMLTextAreaElement>("#hosts") };
const choices = { absent: find<HTMLSelectElement>("#absent"), refuse: find<HTMLSelectElement>("#refuse") };
const form = find<HTMLFormElement>("#policy");
const showText = copyable(find<HTMLButtonElement>("#copy"), find("#code code"), find("#copied"));
let first: PolicyForm | null = null;
let typing: ReturnType<typeof setTimeout> | undefined;

const control = stayConnected("/control", (news: SiteNews) => {
  show("#lost", false);
  showFaults(news.faults);
  showVerdicts(news.verdicts);
  showCode(news.policy);
  if (first === null) {
    first = news.firstPolicy;
    fill(news.policy);
    // Not before: what somebody had written would be overwritten.
    form.inert = false;
  }
}, () => show("#lost", true));

function fill(policy: PolicyForm): void {
  lists.origins.value = policy.origins.join("\n");
  lists.hosts.value = policy.hosts.join("\n");
  choices.absent.value = policy.absent;
  choices.refuse.value = policy.refuse;
}

/** The entries of a list, as they stand; what is wrong with them is for the server to say. Empty lines are none. */
function entries(list: HTMLTextAreaElement): string[] {
  return list.value.split("\n").filter((line) => line !== "");
}

function send(): void {
  clearTimeout(typing);
  control.send({
    origins: entries(lists.origins),
    hosts: entries(lists.hosts),
    absent: choices.absent.value,
    refuse: choices.refuse.value,
  });
}

form.onsubmit = (event) => event.preventDefault();
for (const list of Object.values(lists)) {
  list.oninput = () => {
    clearTimeout(typing);
    typing = setTimeout(send, TYPING_MS);
  };
}
for (const choice of Object.values(choices)) choice.onchange = send;
for (
  const entry of [
    `http://localhost:${attacker}`,
    ".site.localhost",
    "null",
    "*.github.io",
    "https://example.com/",
    "*",
  ]
) {
  const chip = element("button", "chip", entry);
  chip.type = "button";
  chip.onclick = () => {
    lists.origins.value = [...entries(lists.origins), entry].join("\n");
    send();
  };
  find("#tries").append(chip, " ");
}
find<HTMLButtonElement>("#reset").onclick = () => {
  if (first === null) return;
  fill(first);
  send();
};

function showFaults(faults: SiteNews["faults"]): void {
  for (const [name, list] of Object.entries(lists)) {
    list.setAttribute("aria-invalid", String(faults.some(({ field }) => field === name)));
  }
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  find("#faults").replaceChildren(
    faults.length === 0
      ? element("p", "in-force", "In force.")
      : element("p", "not-in-force", `Not in force, ${count}; the last good policy still is:`),
    element(
      "ul",
      "faults",
      ...faults.map(({ field, index, value, code, fix }) =>
        element(
          "li",
          "",
          element(
            "p",
            "",
            element("code", "", `${field}[${index}]`),
            " ",
            element("code", "value", value),
            " ",
            element("span", "code", code),
          ),
          element("p", "fix", fix),
        )
      ),
    ),
  );
}

/** The policy as a module, and as the playground's address. */
function showCode({ origins, hosts, absent, refuse }: PolicyForm): void {
  // The one in force was judged by compilePolicy.
  const policy: WrittenPolicy = { origins, hosts, absent: absent as "deny" };
  showText(policyCode(policy, refuse === "visibly"));
  find<HTMLAnchorElement>("#playground").href = `/playground/#${encodeURIComponent(JSON.stringify(policy))}`;
}

function showVerdicts(verdicts: SiteNews["verdicts"]): void {
  find("#verdicts").replaceChildren(...verdicts.map(({ attacker, verdict }) =>
    element(
      "li",
      "",
      element(
        "span",
        `chip-state ${verdict.allowed ? "open" : "shut"}`,
        verdict.allowed ? "let in" : `refused ${verdict.status}`,
      ),
      element("div", "", element("p", "title", attacker.title), element("p", "faint", verdict.line)),
    )
  ));
}
