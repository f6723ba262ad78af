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

/** What somebody makes of a victim's browser. Names are stable. */
export const BROWSER_ATTACKS: readonly Row[] = [
  // names that look like the own one to whoever compares badly
  [
    "foreign-page",
    "page",
    "No check at all: Uptime Kuma CVE-2023-49805, code-server CVE-2023-26114, Jenkins CVE-2024-23898, " +
    "Mailpit CVE-2026-22689 and a score more",
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
    "Compared from the front, not to the end: jupyter_server CVE-2026-40110, Bokeh CVE-2026-21883, " +
    "sanic-cors CVE-2026-37737, CVE-2018-6651",
    { origin: "{scheme}://{front}.attacker.test{port}" },
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
    { origin: "{scheme}://www.{front}.attacker.test{port}" },
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
    { origin: "{scheme}://{front}-attacker.test{port}" },
  ],
  [
    "underscore-after-name",
    "page",
    "Chromium 156 and Firefox 153 send it: names that do not end where an expression thinks",
    { origin: "{scheme}://{front}_.attacker.test{port}" },
  ],
  [
    "comma-after-name",
    "page",
    "Chromium 156 sends it, in one field: whoever splits Origin at commas reads the own origin first",
    { origin: "{scheme}://{front},.attacker.test{port}" },
  ],
  [
    "odd-character",
    "page",
    "Chromium 156 sends it, as Safari did: expressions that take any character for the end of a host",
    { origin: "{scheme}://{front}{.attacker.test{port}" },
  ],
  [
    "unescaped-dot",
    "page",
    "A dot in an expression matches any letter",
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
    { origin: "{scheme}://{otherEnding}{port}" },
  ],
  [
    "other-customer",
    "page",
    "A name beside the own one where anybody can have one: a wildcard over a shared suffix",
    { origin: "{scheme}://{customer}{port}" },
  ],
  // pages of those nearby, for whom SameSite is no obstacle
  [
    "parent-domain",
    "neighbor",
    "The parent's pages, for those who compare registrable domains",
    { origin: "{scheme}://{domain}{port}" },
  ],
  [
    "sibling-subdomain",
    "neighbor",
    "SameSite does not stop a sibling: Dozzle CVE-2026-44985",
    { origin: "{scheme}://blog.{domain}{port}" },
  ],
  [
    "subdomain-of-own",
    "neighbor",
    "Below the own name: nginx-ui CVE-2026-34403",
    { origin: "{scheme}://evil.{name}{port}" },
  ],
  [
    "www-twin",
    "neighbor",
    "www taken for the same: c15t#1013",
    { origin: "{scheme}://www.{name}{port}" },
  ],
  [
    "other-port",
    "neighbor",
    "Another program on another port of the host: Dozzle CVE-2026-44985, jupyter_server " +
    "CVE-2026-40110, KiroCrew#1534",
    { origin: "{scheme}://{host}:9999" },
  ],
  [
    "cleartext-page",
    "network",
    "A network attacker writes the http page of the name: nginx-ui CVE-2026-34403; Firefox sends " +
    "Strict cookies along",
    { origin: "http://{host}{port}" },
  ],
  [
    "cleartext-sibling",
    "network",
    "The same for any sibling's name",
    { origin: "http://blog.{domain}{port}" },
  ],
  // pages without a name of their own, or with everybody's
  [
    "sandboxed-frame",
    "page",
    "null, which any page sends from a sandboxed frame: Next CVE-2026-27977, Gradio's list of aliases",
    { origin: "null" },
  ],
  [
    "other-extension",
    "page",
    "All extensions allowed: Vite, webpack-dev-server",
    { origin: "chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
  ],
  [
    "firefox-extension",
    "page",
    "An extension with host permission sends all cookies: host-validation-middleware's expression",
    { origin: "moz-extension://7b1e1f0c-0000-4000-8000-000000000000" },
  ],
  [
    "app-shell",
    "page",
    "Every app of one framework sends this one: better-auth, openclaw#46520",
    { origin: "capacitor://localhost" },
  ],
  [
    "loopback-page",
    "neighbor",
    "Any program on the visitor's machine serves it: Gradio's aliases, grackle GHSA-w3hv-x4fp-6h6j",
    { origin: "http://localhost:9999" },
  ],
  [
    "loopback-address-page",
    "neighbor",
    "The same program by its address",
    { origin: "http://127.0.0.1:9999" },
  ],
  [
    "address-page",
    "page",
    "All addresses allowed: webpack-dev-server CVE-2025-30360",
    { origin: "http://198.51.100.7" },
  ],
  [
    "ipv6-address-page",
    "page",
    "All IPv6 addresses allowed: webpack-dev-server CVE-2025-30360",
    { origin: "http://[2001:db8::1]" },
  ],
  [
    "name-like-an-address",
    "page",
    "Names that look like addresses, nip.io and its like",
    { origin: "http://127.0.0.1.attacker.test" },
  ],
  [
    "localhost-in-name",
    "page",
    "localhost anywhere in the name: better-auth's changelog, gin-contrib/cors CVE-2019-25211",
    { origin: "http://localhost.attacker.test" },
  ],
  [
    "file-page",
    "page",
    "A file opened in an app that sends file://, taken for no origin: React Router 8.5, Next 16.4",
    { origin: "file://" },
  ],
  // DNS rebinding: a name of the attacker's that resolves to this server
  [
    "rebinding",
    "page",
    "A name of the attacker's that resolves to this server, and Origin compared with Host: etcd " +
    "CVE-2018-1099, Ollama CVE-2024-28224, MCP CVE-2025-66414",
    { origin: "{site}://attacker.test{socketPort}", host: "attacker.test{socketPort}" },
  ],
  [
    "rebinding-name-in-front",
    "page",
    "The same with the own name in front, where Host is compared as a prefix",
    {
      origin: "{site}://{socketName}.attacker.test{socketPort}",
      host: "{socketName}.attacker.test{socketPort}",
    },
  ],
  [
    "rebinding-name-of-address",
    "page",
    "The same with a public name that resolves to 127.0.0.1",
    { origin: "{site}://127.0.0.1.nip.io{socketPort}", host: "127.0.0.1.nip.io{socketPort}" },
  ],
  [
    "any-address",
    "page",
    "0.0.0.0, which reached this machine: MCP Inspector CVE-2025-49596",
    { origin: "{site}://0.0.0.0{socketPort}", host: "0.0.0.0{socketPort}" },
  ],
  // what a proxy on the way makes of a page's handshake
  [
    "absent-with-cookie",
    "proxy",
    "No Origin and a login: what a proxy that takes Origin out makes of every page " +
    "(mission-control#445); gorilla, coder/websocket, Bun's docs let it in",
    { origin: null, fields: LOGIN },
  ],
  [
    "empty-origin",
    "proxy",
    "Emptied by a proxy (koding/websocketproxy#4): Spring, MCP, coder take it for absent",
    { origin: "", fields: LOGIN },
  ],
  // other spellings of the path, past a guard that compares it
  [
    "encoded-path",
    "page",
    "A guard that compares the raw path: Mailpit GHSA-8r62-w5wh-fc5m",
    { target: "{encodedPath}{query}" },
  ],
  [
    "doubled-slash",
    "page",
    "A guard by path, a router that folds slashes",
    { target: "/{path}{query}" },
  ],
  [
    "slash-at-end",
    "page",
    "A guard by path, a router that drops the last slash",
    { target: "{otherSlash}{query}" },
  ],
  [
    "path-in-capitals",
    "page",
    "A guard by path, a router that ignores case",
    { target: "{otherCase}{query}" },
  ],
  [
    "path-parameter",
    "page",
    "A guard by path, a server that drops ;x: daphne",
    { target: "{path};x=1{query}" },
  ],
  [
    "forgotten-query",
    "page",
    "A guard that compares the whole target",
    { target: "{path}?x=1{moreQuery}" },
  ],
  [
    "own-origin-in-query",
    "page",
    "Origin looked for in the URL, where a page writes what it likes",
    { target: "{path}?origin={quotedOrigin}{moreQuery}" },
  ],
];
