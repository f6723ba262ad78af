/**
 * What no browser sends, a program alone: to refuse it keeps parsers from disagreeing, processes from ending, and a
 * browser that changes from being a hole.
 */

import { FOREIGN, type Row } from "./corpus.ts";

/** What a program alone can send. Names are stable. */
export const PROGRAM_ATTACKS: readonly Row[] = [
  // Origins that two parsers read differently
  [
    "doubled-origin-own-first",
    "program",
    "Two fields, the first counts: gorilla, Phoenix",
    { origin: ["{origin}", FOREIGN] },
  ],
  [
    "doubled-origin-own-last",
    "program",
    "Two fields, the last counts: Channels by itself (behind daphne it refused)",
    { origin: [FOREIGN, "{origin}"] },
  ],
  [
    "origin-list",
    "program",
    "RFC 6454's list with a space",
    { origin: "{origin} {scheme}://attacker.test" },
  ],
  [
    "userinfo-own-behind",
    "program",
    "A parser of URLs sees the own host: Channels, better-auth 1.7.1",
    { origin: "{scheme}://attacker.test@{host}{port}" },
  ],
  [
    "userinfo-own-in-front",
    "program",
    "A prefix sees the own host: wails CVE-2026-34157",
    { origin: "{origin}@attacker.test" },
  ],
  [
    "backslash",
    "program",
    "Two parsers, two hosts: Channels",
    { origin: "{scheme}://attacker.test\\@{host}{port}" },
  ],
  [
    "own-name-in-path",
    "program",
    "The own name in a path: kubestellar#19941, wails GHSA-47hv-j4px-h3c9",
    { origin: "{scheme}://attacker.test/.{host}{port}" },
  ],
  [
    "own-name-in-query",
    "program",
    "The own origin behind a question mark",
    { origin: "{scheme}://attacker.test?{origin}" },
  ],
  [
    "own-name-in-fragment",
    "program",
    "The own host behind a number sign",
    { origin: "{scheme}://attacker.test#@{host}{port}" },
  ],
  [
    "comma-before-own",
    "program",
    "Parsed as a subdomain of the own: Channels",
    { origin: "{scheme}://attacker.test,.{domain}{port}" },
  ],
  [
    "port-then-name",
    "program",
    "Any text taken for a port: globs with :*",
    { origin: "{scheme}://{host}:{anyPort}.attacker.test" },
  ],
  [
    "port-out-of-range",
    "program",
    "Channels by itself raises on it (behind daphne: 400)",
    { origin: "{scheme}://{host}:99999" },
  ],
  [
    "empty-label",
    "program",
    "An empty first label: Channels, Astro",
    { origin: "{scheme}://.{domain}{port}" },
  ],
  [
    "broken-bracket",
    "program",
    "Ended the process: webpack-dev-server CVE-2026-14631",
    { origin: "{scheme}://[" },
  ],
  [
    "over-long",
    "program",
    "Over 255 bytes taken for absent: wolfMQTT#555",
    { origin: "{scheme}://{longHost}" },
  ],
  [
    "bare-host",
    "program",
    "No scheme at all: jupyter/services#51",
    { origin: "{host}{port}" },
  ],
  [
    "slashes-alone",
    "program",
    "Relative to the scheme: Channels with allowed hosts",
    { origin: "//{host}{port}" },
  ],
  [
    "blob",
    "program",
    "The inner origin of a blob: URL, as URL.origin shows it",
    { origin: "blob:{origin}/1" },
  ],
  [
    "percent-encoded",
    "program",
    "A parser that decodes hosts",
    { origin: "{scheme}://{encodedHost}{port}" },
  ],
  [
    "tab-in-name",
    "program",
    "Parsers that drop tabs: urlparse, WHATWG's",
    { origin: "{scheme}://{tabbedHost}{port}" },
  ],
  // Hosts that no browser writes
  [
    "rebinding-by-forwarded-host",
    "program",
    "A header that says the own name: Rails CVE-2021-44528, librefang#2332",
    { host: "attacker.test{socketPort}", fields: { "X-Forwarded-Host": "{socket}" } },
  ],
  [
    "doubled-host",
    "program",
    "Two Host fields, which Bun joins",
    { host: ["{socket}", "attacker.test"] },
  ],
  [
    "host-with-userinfo",
    "program",
    "MCP's own check reads the name behind the @",
    { host: "attacker.test@{socket}" },
  ],
  [
    "absolute-form",
    "program",
    "Target and Host disagree: Next GHSA-c4j6-fc7j-m34r",
    { host: "attacker.test", target: "{site}://{socket}{path}{query}" },
  ],
  // handshakes that a guard may not take for one
  [
    "upgrade-in-capitals",
    "program",
    "A guard that compares case, a runtime that does not",
    { fields: { Upgrade: "WebSocket" } },
  ],
  [
    "upgrade-with-more",
    "program",
    "A guard that compares the whole field, a runtime that takes a list",
    { fields: { Upgrade: "websocket, h2c" } },
  ],
  [
    "connect",
    "program",
    "RFC 8441, RFC 9220, as older Caddy forwarded it (PR#7305): a guard that looks at Upgrade alone",
    { method: "CONNECT", fields: { Upgrade: null, Connection: null, "Sec-WebSocket-Key": null } },
  ],
];
