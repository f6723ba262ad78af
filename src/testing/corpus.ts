/**
 * The attacks, one a row: made from a site's own names, each with whose history it is and who can send it.
 *
 * In a row `{name}` stands for one of the names that `names.ts` finds. A row that needs a name which the site does not
 * have (an address has no domain, a path of one slash no letters) is none of its attacks.
 */

/**
 * Who can make an attack arrive. The first four are what somebody makes of a victim's browser, so that the victim's
 * login comes along; what a program alone sends it could send with the right Origin as well, and refusing it is hygiene.
 */
export type Sender = "page" | "neighbor" | "network" | "proxy" | "program";

/** What a handshake has in the place of what a page of anybody's would send. */
export interface Changes {
  /** Default: a page of the attacker's. Several: a repeated field. Null: none. */
  readonly origin?: string | readonly string[] | null;
  /** Default: that of the socket's URL. Several: a repeated field. */
  readonly host?: string | readonly string[];
  /** Default: path and query of the socket's URL. */
  readonly target?: string;
  /** Default: GET. */
  readonly method?: "CONNECT";
  /** More fields, and others in the place of the usual ones; null: left out. Names as on the wire. */
  readonly fields?: Readonly<Record<string, string | null>>;
}

/** One attack before it is made from a site's names. */
export type Row = readonly [name: string, sender: Sender, why: string, changes: Changes];

/** The page of somebody whom no list names. */
export const FOREIGN = "{scheme}://attacker.test";

const LOGIN = { Cookie: "session=1" };

/** Every attack there is. Names are stable. */
export const CORPUS: readonly Row[] = [
  // names that look like the own one to whoever compares badly
  [
    "foreign-page",
    "page",
    "No check at all: Uptime Kuma CVE-2023-49805, code-server CVE-2023-26114, Jenkins CVE-2024-23898, Mailpit " +
    "CVE-2026-22689 and a score more",
    {},
  ],
  [
    "suffix-without-dot",
    "page",
    "A suffix compared without its dot: Phoenix CVE-2022-42975",
    { origin: "{scheme}://evil{domain}{port}" },
  ],
  [
    "suffix-after-hyphen",
    "page",
    "The same behind a hyphen: the expression in the README of expressjs/cors (#412)",
    { origin: "{scheme}://evil-{domain}{port}" },
  ],
  [
    "whole-name-as-suffix",
    "neighbor",
    "The whole host compared as a suffix: Phoenix CVE-2022-42975 one label deeper",
    { origin: "{scheme}://evil{name}{port}" },
  ],
  [
    "name-in-front",
    "page",
    "Compared from the front, not to the end: jupyter_server CVE-2026-40110, Bokeh CVE-2026-21883, sanic-cors " +
    "CVE-2026-37737, CVE-2018-6651",
    { origin: "{scheme}://{name}.attacker.test{port}" },
  ],
  [
    "domain-in-front",
    "page",
    "The parent's name in front of another's: gotify/server#1052",
    { origin: "{scheme}://{domain}.attacker.test{port}" },
  ],
  [
    "name-in-the-middle",
    "page",
    "An expression without anchors: autobahn-python#691",
    { origin: "{scheme}://www.{name}.attacker.test{port}" },
  ],
  [
    "longer-ending",
    "page",
    "A prefix of the text: gin-contrib/cors CVE-2019-25211, wails CVE-2026-34157",
    { origin: "{scheme}://{name}edy{port}" },
  ],
  [
    "hyphen-after-name",
    "page",
    "A prefix and a word boundary: the class of CVE-2019-25211",
    { origin: "{scheme}://{name}-attacker.test{port}" },
  ],
  [
    "underscore-after-name",
    "page",
    "Chromium 156 and Firefox 153 send it: names that do not end where an expression thinks",
    { origin: "{scheme}://{name}_.attacker.test{port}" },
  ],
  [
    "comma-after-name",
    "page",
    "Chromium 156 sends it, in one field: whoever splits Origin at commas reads the own origin first",
    { origin: "{scheme}://{name},.attacker.test{port}" },
  ],
  [
    "odd-character",
    "page",
    "Chromium 156 sends it, as Safari did: expressions that take any character for the end of a host",
    { origin: "{scheme}://{name}{.attacker.test{port}" },
  ],
  [
    "unescaped-dot",
    "page",
    "A dot in an expression stands for any letter",
    { origin: "{scheme}://{undotted}{port}" },
  ],
  [
    "look-alike",
    "page",
    "A letter of another alphabet, for those who decode or fold names",
    { origin: "{scheme}://{lookAlike}{port}" },
  ],
  [
    "other-ending",
    "page",
    "The name under another public ending",
    { origin: "{scheme}://{above}{label}.test{port}" },
  ],
];
