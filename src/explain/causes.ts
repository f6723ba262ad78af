/**
 * Why handshakes are refused, as one table, the likeliest cause first: what is so, how it is told, and what would let the
 * handshake in. Nothing here decides. Where the evidence allows two causes, both are told.
 */

import { type NearMissCode, serialize } from "../explanation.ts";
import { nameOf } from "./explanation_text.ts";
import { carriesCredentials, STRIPPED } from "../handshake.ts";
import { isAddress } from "../origin/inner.ts";
import { shownPart } from "../origin/shown.ts";
import { whyShared } from "../pattern/suffixes.ts";
import { quote } from "../quote.ts";
import { dangerOfInstances, elsewhere, instanceEntry } from "./apps.ts";
import {
  type Case,
  type Cause,
  isHostPortOfScheme,
  isListeningAddress,
  isLocalPage,
  isNativeClient,
  isOwnOrigin,
} from "./case.ts";
import { readable } from "./look_alike.ts";
import type { Near } from "./nearness.ts";
import {
  hostBehindProxy,
  isHostBehindProxy,
  isOriginBehindProxy,
  isPortBehindProxy,
  mayListInstead,
  originBehindProxy,
  portBehindProxy,
} from "./proxies.ts";
import { absent, debug, hostsField, itself, theEntry, theHost, theScheme } from "./suggestions.ts";
import { areSeveralOrigins, whyHostMalformed, whyHostMismatch, whyOriginMalformed } from "./malformed.ts";

const shownOrigin = ({ tuple, value }: Case) => tuple === null ? quote(shownPart(value!)) : serialize(tuple);
/** What was refused, as a sentence names it. */
const refused = (c: Case) => c.reason === "host-not-allowed" ? `Host ${c.shown.host}` : serialize(c.tuple!);
const hostOf = (c: Case) => c.reason === "host-not-allowed" ? c.host!.host : c.tuple!.host;

const portDiffers: Cause["text"] = (_, { entry }) => `Only the port differs from ${nameOf(entry)}`;

/** The entry with a wildcard, in quotes. */
function wildcard({ entry }: Near, prefix: string): string {
  return quote(entry.pattern.replace(/^([^:/]*:\/\/)?(?:\*\.)?/, `$1${prefix}`));
}

/** The causes, the likeliest first. */
export const CAUSES: readonly Cause[] = [
  // what something in front of the server did
  { code: "upgrade-stripped", test: (c) => c.evidence.stripped === "upgrade", text: () => STRIPPED.upgrade },
  {
    code: "connection-stripped",
    test: (c) => c.evidence.stripped === "connection",
    text: () => STRIPPED.connection,
  },
  { code: "origin-behind-proxy", test: isOriginBehindProxy, text: originBehindProxy },
  {
    code: "host-behind-proxy",
    test: isHostBehindProxy,
    text: hostBehindProxy,
    more: () =>
      "Where it can't be changed, list the page's origin in origins in place of 'self', and leave hosts out",
    offer: (c) => mayListInstead(c) ? itself(c) : [],
  },
  {
    code: "port-behind-proxy",
    test: isPortBehindProxy,
    text: portBehindProxy,
    offer: (c) => c.reason === "host-not-allowed" ? [] : itself(c),
  },
  {
    code: "scheme-behind-proxy",
    test: "entries",
    text: (c, { entry }) =>
      `Set the policy's scheme to "${c.tuple!.scheme}". Only the scheme differs from ${nameOf(entry)}` +
      (c.site === "" ? "" : ": behind a proxy that ends TLS the server sees http"),
    offer: (c) => [...theScheme(c.tuple!.scheme as "http" | "https"), ...itself(c)],
  },
  {
    code: "scheme-behind-proxy",
    test: isHostPortOfScheme,
    text: (c) =>
      `Set the policy's scheme to "https". Host ${c.shown.host} has no port, which means port 80 over http; ` +
      "behind a proxy that ends TLS the server sees http",
    offer: () => theScheme("https"),
  },
  // another port of a listed host
  { code: "port", test: "entries", text: portDiffers, offer: itself },
  {
    code: "localhost-port",
    test: "entries",
    text: (c, { entry }) =>
      `${serialize(c.tuple!)} differs from ${
        nameOf(entry)
      } only in its port. It is another server of the same machine`,
    offer: itself,
  },
  // pages that are no site's
  {
    code: "app-page",
    test: (c) => c.reason === "origin-not-allowed" && c.app !== null,
    text: (c) => `${serialize(c.tuple!)} is the origin of ${c.app!.name}, of a page that an app brings along`,
    more: ({ app }) => elsewhere(app!),
    // Android's WebView sends a scheme alone for every app that uses it: not to be had by pasting.
    offer: (c) => c.tuple!.host === "" ? [] : itself(c),
  },
  {
    code: "app-instance",
    test: (c) => c.reason === "origin-not-allowed" && instanceEntry(c.tuple!) !== null,
    text: (c) =>
      `The host of ${
        serialize(c.tuple!)
      } is new in each install, window or session, so an entry for it will not last`,
    more: (c) => `${quote(instanceEntry(c.tuple!)!)} does`,
    offer: (c) => {
      const entry = instanceEntry(c.tuple!)!;
      return c.field === "origins" ? [{ field: c.field, entry, danger: dangerOfInstances(entry) }] : [];
    },
  },
  // one's own machine
  {
    code: "loopback-name",
    test: "entries",
    text: (c, { entry }) =>
      entry.pattern === "'self'"
        ? `Open the page at the host that the socket connects to (in a dev server, set changeOrigin to false). ` +
          `${refused(c)} and Host ${c.shown.host} are the same machine, but 'self' compares names`
        : `${refused(c)} and ${nameOf(entry)} are the same machine, but different hosts to a browser`,
    offer: (c) => [...itself(c), ...debug(c)],
  },
  {
    code: "local-page",
    test: isLocalPage,
    text: (c) => `${serialize(c.tuple!)} is a page of the visitor's own machine, and no entry allows one`,
    more: (c) => debug(c).length === 0 ? "" : "While you develop, set debug to true",
    offer: (c) => debug(c).length === 0 ? itself(c) : debug(c),
  },
  {
    code: "local-page",
    test: isListeningAddress,
    text: (c) =>
      `Open the page at localhost. ${c.tuple!.host} is an address to listen on, not one to connect to`,
  },
  // no origin that names somebody
  {
    code: "origin-stripped",
    test: (c) => c.reason === "origin-absent" && (c.evidence.sender === "browser" || c.evidence.isElectron),
    text: ({ evidence }) =>
      evidence.isElectron
        ? "Find where the Electron app removes Origin, in onBeforeSendHeaders of its main process, or a proxy that does. " +
          "A desktop app with pages sent this handshake, and pages always send Origin"
        : "Find what removes Origin: a proxy, or the app itself. A browser sent this handshake (or a program that claims " +
          "to be one), and browsers always send Origin",
  },
  {
    code: "native-client",
    test: isNativeClient,
    text: (c) =>
      `Have the client send the origin of a listed page. A program sent ${shownOrigin(c)} as Origin` +
      (/^wss?:/.test(c.value!) ? ", an address of sockets. Pages have http or https" : ", which no page has"),
    more: () => "Or have it send none, and decide with the option absent",
  },
  {
    code: "file-page",
    test: (c) =>
      /^file:/i.test(c.value ?? "") && (c.reason === "origin-not-allowed" || c.reason === "origin-malformed"),
    text: () =>
      "The page was opened from a file, in an app such as Electron or Cordova, or by hand. All such pages send the same",
    offer: (c) => [{
      field: "dangerouslyAllow",
      entry: c.value === "file://" ? c.value : "",
      danger: "every page that an app or a visitor opens from a file can connect",
    }],
  },
  {
    code: "absent-origin",
    test: (c) => c.reason === "origin-absent" && !carriesCredentials(c.handshake),
    text: ({ evidence }) =>
      evidence.sender === "program"
        ? "The client sent no Origin and no browser headers, so it is probably a program"
        : "There is no Origin. Browsers always send one, so a program sent this handshake, or a proxy removed it",
    offer: () => absent("allow-without-credentials"),
  },
  {
    code: "absent-with-credentials",
    test: (c) => c.reason === "origin-absent" && carriesCredentials(c.handshake),
    text: ({ policy }) =>
      policy.absent === "deny"
        ? "There is no Origin, but a Cookie or Authorization. A program sent this handshake, or a proxy removed Origin"
        : "There is no Origin, but a Cookie or Authorization. Without Origin, only handshakes with neither are allowed",
    offer: () => absent("allow"),
  },
  {
    code: "empty-origin",
    test: (c) => c.reason === "origin-empty",
    text: () => "The Origin header is empty. No browser sends that, so a program or a proxy emptied it",
  },
  {
    code: "null-origin",
    test: (c) => c.reason === "origin-null",
    text: () =>
      `Any site can send "null", from a sandboxed frame or a data: URL. Serve the page from an origin of its own`,
  },
  {
    code: "several-origins",
    test: (c) => c.reason === "origin-malformed" && areSeveralOrigins(c.value!),
    text: () => "The Origin header has several origins. A client or a proxy sent it twice",
  },
  {
    code: "malformed-origin",
    test: (c) => c.reason === "origin-malformed" && !areSeveralOrigins(c.value!) && !/^file:/i.test(c.value!),
    text: (c) => whyOriginMalformed(c.value!),
  },
  // another name of the same owner
  /* @__PURE__ */ trailingDot("trailing-dot"),
  /* @__PURE__ */ trailingDot("host-trailing-dot"),
  /* @__PURE__ */ apexLeftOut("apex-left-out"),
  /* @__PURE__ */ apexLeftOut("host-apex-left-out"),
  /* @__PURE__ */ missingWildcard("missing-subdomain-wildcard"),
  /* @__PURE__ */ missingWildcard("host-missing-subdomain-wildcard"),
  { code: "host-port", test: "entries", text: portDiffers, offer: theEntry },
  // names that deceive
  {
    code: "look-alike",
    test: "entries",
    text: (c, { entry }) =>
      `${quote(readable(hostOf(c)))} looks like ${nameOf(entry)}, but is a different name: ${hostOf(c)}`,
  },
  {
    code: "parent-of-listed",
    test: "entries",
    text: (c, { entry }) =>
      `${nameOf(entry)} is a subdomain of ${hostOf(c)}. An entry does not allow its parent domain`,
    offer: itself,
  },
  {
    code: "listed-name-in-front",
    test: "entries",
    text: (c, { entry, rule }) => {
      const host = hostOf(c);
      const owner = host.slice(host.indexOf(`${rule.host}.`) + rule.host.length + 1);
      return `${host} has the name of ${nameOf(entry)} in front, but is a subdomain of ${owner}`;
    },
  },
  {
    code: "listed-name-glued",
    test: "entries",
    text: (c, { entry }) =>
      `${hostOf(c)} only has letters in common with ${nameOf(entry)}. It is not a subdomain`,
  },
  // slips of the pen
  {
    code: "misspelt",
    test: "entries",
    text: (c, { entry, differs }) =>
      differs.includes("scheme") && !differs.includes("host")
        ? `Correct the scheme of ${nameOf(entry)}. The page's origin is ${serialize(c.tuple!)}`
        : `${refused(c)} is nearly ${
          nameOf(entry)
        }. Either the entry has a typing mistake, or somebody registered the name ` +
          "to look like it",
    offer: (c, { differs }) => differs.includes("host") ? [] : itself(c),
  },
  // another scheme
  {
    code: "scheme",
    test: "entries",
    text: (_, { entry }) => `Only the scheme differs from ${nameOf(entry)}`,
    offer: itself,
  },
  {
    code: "http-page-to-tls-socket",
    test: "entries",
    text: (_, { entry }) =>
      `Open the page over https. It came over http, the socket is behind TLS, and only the scheme differs from ${
        nameOf(entry)
      }`,
    offer: itself,
  },
  {
    code: "socket-scheme",
    test: "entries",
    text: (_, { entry }) =>
      `Write the scheme of the page, http or https. ${nameOf(entry)} has the scheme of a socket`,
    offer: itself,
  },
  {
    code: "scheme-and-port",
    test: "entries",
    text: (_, { entry }) => `Scheme and port differ from ${nameOf(entry)}`,
    offer: itself,
  },
  // the server's own
  {
    code: "self-not-listed",
    test: isOwnOrigin,
    text: ({ evidence }) =>
      evidence.sender === "program"
        ? "A program sent this very server's address as Origin, but 'self' is not listed"
        : "The page comes from this very server, but 'self' is not listed",
    more: ({ isHostListed }) =>
      isHostListed ? "Add 'self' to origins" : "Add 'self' to origins and this server's names to hosts",
    offer: (c) => c.isHostListed || isAddress(c.host!.host) ? itself(c) : [],
  },
  {
    code: "sibling",
    test: "entries",
    text: (c, { entry, rule }) =>
      `${hostOf(c)} and ${nameOf(entry)} are both below ${
        quote(rule.host.slice(rule.host.indexOf(".") + 1))
      }`,
    offer: itself,
  },
  // where nothing else is so
  {
    code: "not-listed",
    isLast: true,
    test: (c) => c.reason === "origin-not-allowed",
    text: (c) =>
      c.count === 0 && c.selfPlace === null
        ? "The list is empty, so every origin is refused"
        : c.isSearched
        ? `No entry allows ${serialize(c.tuple!)}, or anything like it`
        : "The list is too long to search here. explain() finds what comes near",
    offer: itself,
  },
  {
    code: "host-absent",
    isLast: true,
    test: (c) => c.reason === "host-absent",
    text: () => "The Host header is missing. Every HTTP/1.1 request has one",
  },
  {
    code: "host-malformed",
    isLast: true,
    test: (c) => c.reason === "host-malformed",
    text: (c) => whyHostMalformed(c.handshake.headers.get("host")!, c.shown.host),
  },
  {
    code: "host-mismatch",
    isLast: true,
    test: (c) => c.reason === "host-mismatch",
    text: whyHostMismatch,
  },
  {
    code: "host-not-listed",
    isLast: true,
    test: (c) => c.reason === "host-not-allowed",
    text: (c) =>
      c.count === 0
        ? `The list of ${hostsField(c)} is empty, so every Host is refused`
        : `Host ${c.shown.host} is not in ${hostsField(c)}`,
    more: (c) =>
      c.count === 0
        ? ""
        : c.tuple?.host === c.host!.host
        ? `Add ${c.host!.host} to hosts if it is a name of this server. DNS rebinding looks the same`
        : "",
    offer: (c) => theHost(c.host!, hostsField(c), false),
  },
];

function trailingDot(code: NearMissCode): Cause {
  return {
    code,
    test: "entries",
    text: (c, { entry }) =>
      `${hostOf(c)} differs from ${
        nameOf(entry)
      } only in the dot at the end. To a browser it is a different host`,
    offer: theEntry,
  };
}

function apexLeftOut(code: NearMissCode): Cause {
  return {
    code,
    test: "entries",
    text: (c, near) =>
      `${nameOf(near.entry)} allows only subdomains, not ${hostOf(c)} itself. ${
        wildcard(near, ".")
      } allows both`,
    offer: theEntry,
  };
}

function missingWildcard(code: NearMissCode): Cause {
  return {
    code,
    test: "entries",
    text: (c, near) =>
      `${hostOf(c)} is a subdomain of ${nameOf(near.entry)}, which allows that host only. ` +
      (whyShared(near.rule.host, c.suffixes) === null
        ? `${wildcard(near, "*.")} allows every subdomain`
        : "Strangers can register names there"),
    offer: theEntry,
  };
}
