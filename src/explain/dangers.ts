/**
 * What one entry of a list lets in that is dangerous: whose pages, apps or programs connect by it.
 */

import { type HostRule, reachesBelow } from "../pattern/rule.ts";
import type { SuffixList } from "../pattern/suffix_list.ts";
import { whyShared } from "../pattern/suffixes.ts";
import { quote } from "../quote.ts";
import { isSlipOf } from "./spelling.ts";
import { readable } from "./look_alike.ts";
import { isLoopback } from "./near_misses.ts";

/** Dangers of a single entry. Stable. */
export type EntryDangerCode =
  | "loopback-entry"
  | "bind-address"
  | "app-origin"
  | "scheme-misspelt"
  | "mixed-scripts"
  | "shared-suffix-host"
  | "rebinding-names";

/** One danger of an entry. */
export interface EntryDanger {
  readonly code: EntryDangerCode;
  readonly text: string;
}

/** What an entry stands among. */
export interface Surroundings {
  /** The policy is for the public: some entry names a host that is not of a machine or a network of one's own. */
  readonly isPublic: boolean;
  readonly suffixes: SuffixList | null;
}

/** The dangers of an entry of a list of origins. */
export function originDangers(rule: HostRule, { isPublic, suffixes }: Surroundings): EntryDanger[] {
  const { host, scheme } = rule;
  const meant = scheme === null ? undefined : schemeMeant(scheme);
  if (meant !== undefined) return [{ code: "scheme-misspelt", text: misspelt(scheme!, meant) }];
  const apps = appsOf(rule, isPublic);
  if (apps !== null) return [{ code: "app-origin", text: `${apps} can connect` }];
  if (!isWeb(rule)) return [];
  if (isBindAddress(host)) return [{ code: "bind-address", text: bindAddress(host) }];
  if (isPublic && isLoopback(host)) return [{ code: "loopback-entry", text: LOOPBACK_ORIGIN }];
  return nameDangers(rule, suffixes);
}

/** The dangers of an entry of a list of hosts. */
export function hostDangers(rule: HostRule, { isPublic, suffixes }: Surroundings): EntryDanger[] {
  const { host } = rule;
  if (isBindAddress(host)) return [{ code: "bind-address", text: bindAddress(host) }];
  if (isPublic && isLoopback(host)) return [{ code: "loopback-entry", text: LOOPBACK_HOST }];
  if (REBINDING.test(host)) return [{ code: "rebinding-names", text: REBINDING_NAMES }];
  return nameDangers(rule, suffixes);
}

const LOOPBACK_ORIGIN = "Remove this entry where the site is public. For development, set debug instead. " +
  "Any program on a visitor's own machine can serve such a page";
const LOOPBACK_HOST =
  "Remove this entry where the site is public. A proxy that writes this name into Host hides " +
  "which site was asked for";
const REBINDING_NAMES =
  "Remove this entry. Such a name resolves to any address that is written into it, so any site " +
  "can use it for DNS rebinding";

function bindAddress(host: string): string {
  return `Write the name or address that browsers use. ${host} is an address to listen on`;
}

function misspelt(scheme: string, meant: string): string {
  return `Did you mean the scheme "${meant}"? Browsers do not send ${quote(scheme)}`;
}

function nameDangers({ host, reach }: HostRule, suffixes: SuffixList | null): EntryDanger[] {
  const dangers: EntryDanger[] = [];
  // Of plain letters there is one alphabet, and a long list has little else.
  if (host.includes("xn--") && readable(host).split(".").some(mixesScripts)) {
    const text =
      "Retype this name. Letters of two alphabets are mixed in it, as in names that are made to deceive";
    dangers.push({ code: "mixed-scripts", text });
  }
  if (reach === "host" && isSharedSuffix(host, suffixes)) {
    const text = `Write the whole name of your site. Strangers can register names below ${quote(host)}`;
    dangers.push({ code: "shared-suffix-host", text });
  }
  return dangers;
}

/** Reports whether strangers register names right below a host. A longer list knows it from the names above those. */
function isSharedSuffix(host: string, suffixes: SuffixList | null): boolean {
  if (suffixes === null) return whyShared(host) === "shared-suffix";
  return host.includes(".") && suffixes.suffixOf(host) === host;
}

/** Reports whether a rule admits pages that a web server serves. */
function isWeb({ scheme }: HostRule): boolean {
  return scheme === null || scheme === "http" || scheme === "https";
}

// ---- addresses and names of one's own -------------------------------------------------------------------------------

/** Reports whether a rule admits a host that strangers can reach: neither of this machine nor of a network of one's own. */
export function isPublicRule(rule: HostRule): boolean {
  return isWeb(rule) && !isOwnName(rule.host) && !isBindAddress(rule.host);
}

function isBindAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "[::]";
}

/** Loopback, private, link-local and unique local addresses (RFC 1918, 3927, 4193, 4291), names of one's own network. */
const OWN_ADDRESS = /^(?:10|127|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))\.|^\[f(?:[cd]|e[89ab])/;

function isOwnName(host: string): boolean {
  if (isLoopback(host) || OWN_ADDRESS.test(host)) return true;
  return !host.startsWith("[") &&
    (host !== "" && !host.includes(".") || /\.(?:local|internal)\.?$/.test(host));
}

/** Names that resolve to the address that is written into them, or to two in turn: what DNS rebinding is done with. */
const REBINDING =
  /(?:^|\.)(?:nip\.io|sslip\.io|xip\.io|rbndr\.us|1u\.ms|localtest\.me|lvh\.me|vcap\.me|traefik\.me|backname\.io)\.?$/;

// ---- schemes and apps -----------------------------------------------------------------------------------------------

/** Schemes whose slips are told; not `app`, `exp`, `ionic` and their like, of which another word is an edit away. */
const KNOWN_SCHEMES: readonly string[] = [
  "http",
  "https",
  "capacitor",
  "tauri",
  "chrome-extension",
  "moz-extension",
  "safari-web-extension",
  "vscode-webview",
];

function schemeMeant(scheme: string): string | undefined {
  // As Edge shows it in its address bar.
  if (scheme === "extension") return "chrome-extension";
  return KNOWN_SCHEMES.includes(scheme) ? undefined : KNOWN_SCHEMES.find((known) => isSlipOf(scheme, known));
}

const FRAMEWORKS: Readonly<Record<string, string>> = {
  "capacitor": "Capacitor",
  "exp": "Expo",
  "ionic": "Ionic",
  "tauri": "Tauri",
  "wails": "Wails",
};

/** What sends Origin as an app's page, not as a site's: who can connect by a rule; null: no app. */
function appsOf(rule: HostRule, isPublic: boolean): string | null {
  const { scheme, host, port } = rule;
  const builtWith = (framework: string) => `Every app built with ${framework}`;
  if (isWeb(rule)) {
    if (host === "tauri.localhost") return builtWith("Tauri");
    if (host === "wails.localhost") return builtWith("Wails");
    if (host === "appassets.androidplatform.net") return "Every app with an Android WebView";
    if (scheme !== "https" || port !== 443) return null;
    if (host === "0.0.0.0" || host === "0.0.0.1") return builtWith(".NET MAUI");
    return host === "localhost" && isPublic ? builtWith("Capacitor on Android") : null;
  }
  // What a socket is opened with, and what needs dangerouslyAllow in any case.
  if (scheme === "ws" || scheme === "wss" || scheme === "file") return null;
  if (reachesBelow(rule)) return everyInstance(scheme!);
  const isOfOne = /-(?:extension|webview)$/.test(scheme!) || MADE_ANEW.test(host);
  if (isOfOne) return null;
  return Object.hasOwn(FRAMEWORKS, scheme!)
    ? builtWith(FRAMEWORKS[scheme!]!)
    : `Every app that uses the scheme ${quote(scheme!)}`;
}

/** A host that an app makes for one install or one window: a UUID, or as many letters and digits. */
const MADE_ANEW = /^(?:[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}|[\da-z]{32,})$/;

function everyInstance(scheme: string): string {
  return scheme.endsWith("-extension")
    ? "Every browser extension that a visitor has installed"
    : scheme === "vscode-webview"
    ? "Every extension of VS Code"
    : `Every app that uses the scheme ${quote(scheme)}`;
}

// ---- alphabets ------------------------------------------------------------------------------------------------------

/** One entry for each alphabet; those of Chinese, Japanese and Korean are written together, and with Latin (UTS #39). */
const ALPHABETS: readonly RegExp[] = [
  /\p{Script=Latin}/u,
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Hangul}]/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Georgian}/u,
  /\p{Script=Cherokee}/u,
  /\p{Script=Hebrew}/u,
  /\p{Script=Arabic}/u,
  /\p{Script=Devanagari}/u,
  /\p{Script=Thai}/u,
];

function mixesScripts(label: string): boolean {
  const used = ALPHABETS.flatMap((letters, index) => letters.test(label) ? [index] : []);
  return used.length > 1 && used.some((index) => index > 1);
}
