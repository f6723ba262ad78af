/**
 * Where a page can be, what it opens, what then arrives at the server and what the page sees: one row each, as measured
 * in Chromium 156 and Firefox 153. `server.ts` says what is behind each socket's path.
 *
 * @module
 */

/** One value, or one for each browser. */
export type Each<T> = T | { readonly chromium: T; readonly firefox: T };

/** The verdict, Origin, Host, Firefox's Sec-Fetch-Site (Chromium sends none) and the names of the cookies. */
export type Arrival = readonly [
  judged: string,
  origin: string,
  host: string,
  site: string | null,
  cookies: readonly string[],
];

/** A row. */
export interface Situation {
  readonly name: string;
  /** A page that is visited before. */
  readonly first?: string;
  readonly page: string;
  /** The place of the script, one of those in `page.js`; left out: the page itself. */
  readonly from?: string;
  /** Whose page is in the frame. */
  readonly frame?: string;
  readonly socket: string;
  readonly protocols?: readonly string[];
  /** null: nothing. */
  readonly arrives: Each<Arrival | null>;
  /** All events, in order. */
  readonly sees: Each<readonly string[]>;
}

/** The pages whose server sets every kind of cookie; visited before everything else. */
export const LOGINS: readonly string[] = [
  "https://goodsite.test:8443/login",
  "https://goodsite.test.:8443/login",
  "https://bücher.test:8443/login",
  "http://localhost:8080/login",
  "http://127.0.0.1:8080/login",
  "http://[::1]:8080/login",
];

// What rides along.
const OF_THIS_HOST = [
  "__Host-lax",
  "__Host-none",
  "lax",
  "none",
  "partitioned",
  "session",
  "strict",
  "unspecified",
];
const ALL = [...OF_THIS_HOST, "domain"].sort();
const ALL_BUT_PARTITIONED = ALL.filter((name) => name !== "partitioned");
const NOT_SECURE = ["domain", "lax", "session", "strict", "unspecified"];
const SAME_SITE_NONE = ["__Host-none", "none"];
const LOGGED_OUT = ALL.filter((name) => name !== "session" && name !== "__Host-none");

// What a page sees. Whoever sees Ada's mail has her cookie's rights.
const CLOSED = "close 1000 thanks clean";
const SERVED = ["open", "mail of ada", CLOSED];
const SERVED_NOBODY = ["open", "mail of nobody", CLOSED];
const REFUSED_BY_STATUS = ["error", "close 1006 unclean"];
const refused = (reason: string, code = 4403) => ["open", `close ${code} ${reason} clean`];
const NOT_ALLOWED = refused("origin-not-allowed");

const ORIGIN = "https://goodsite.test:8443";
const HOST = "goodsite.test:8443";
const GOOD = `${ORIGIN}/page`;
const EVIL_ORIGIN = "https://evil.test:8443";
const EVIL = `${EVIL_ORIGIN}/page`;
const SIBLING_ORIGIN = "https://app.goodsite.test:8443";
const SIBLING = `${SIBLING_ORIGIN}/page`;
/** Allows its own origin, and shows a refusal. */
const SELF = "wss://goodsite.test:8443/self";
/** The same, and refuses by status. */
const SELF_BY_STATUS = "wss://goodsite.test:8443/self-by-status";
/** Asks nobody. */
const BARE = "wss://goodsite.test:8443/bare";

/** The places of a page whose scripts have the page's origin. */
const SAME_ORIGIN_PLACES = [
  "a frame",
  "a sandboxed frame with allow-same-origin",
  "a srcdoc frame",
  "a blob: frame",
  "an about:blank frame",
  "an about:blank popup",
  "a worker",
  "a module worker",
  "a blob: worker",
  "a shared worker",
  "a service worker",
];

/** The places whose scripts have none. */
const OPAQUE_PLACES = ["a sandboxed frame", "a sandboxed srcdoc frame", "a data: frame"];

/** Browsers as they come. */
export const SITUATIONS: readonly Situation[] = [
  // The site's own pages.
  {
    name: "the same origin",
    page: GOOD,
    socket: SELF,
    arrives: ["allowed", ORIGIN, HOST, "same-origin", ALL],
    sees: SERVED,
  },
  {
    name: "the same origin, without TLS",
    page: "http://goodsite.test:8080/page",
    socket: "ws://goodsite.test:8080/self",
    arrives: ["allowed", "http://goodsite.test:8080", "goodsite.test:8080", null, NOT_SECURE],
    sees: SERVED,
  },
  {
    name: "the default port of TLS",
    page: "https://goodsite.test/page",
    socket: "wss://goodsite.test:443/self",
    arrives: ["allowed", "https://goodsite.test", "goodsite.test", "same-origin", ALL],
    sees: SERVED,
  },
  {
    name: "the default port without TLS",
    page: "http://goodsite.test/page",
    socket: "ws://goodsite.test:80/self",
    arrives: ["allowed", "http://goodsite.test", "goodsite.test", null, NOT_SECURE],
    sees: SERVED,
  },
  {
    name: "capitals, zeros before the port, a user and a password",
    page: GOOD,
    socket: "wss://user:pw@GOODSITE.test:08443/self",
    arrives: ["allowed", ORIGIN, HOST, "same-origin", ALL],
    sees: SERVED,
  },
  {
    name: "an https: URL for the socket",
    page: GOOD,
    socket: `${ORIGIN}/self`,
    arrives: ["allowed", ORIGIN, HOST, "same-origin", ALL],
    sees: SERVED,
  },
  {
    name: "a fragment in the socket's URL",
    page: GOOD,
    socket: `${SELF}#`,
    arrives: null,
    sees: ["threw SyntaxError"],
  },
  {
    name: "a name that is not ASCII",
    page: "https://bücher.test:8443/page",
    socket: "wss://bücher.test:8443/self",
    arrives: [
      "allowed",
      "https://xn--bcher-kva.test:8443",
      "xn--bcher-kva.test:8443",
      "same-origin",
      OF_THIS_HOST,
    ],
    sees: SERVED,
  },
  {
    name: "a dot at the end of both names",
    page: "https://goodsite.test.:8443/page",
    socket: "wss://goodsite.test.:8443/self",
    arrives: ["allowed", "https://goodsite.test.:8443", "goodsite.test.:8443", "same-origin", OF_THIS_HOST],
    sees: SERVED,
  },
  {
    name: "a dot at the end of the page's name alone",
    page: "https://goodsite.test.:8443/page",
    socket: SELF,
    arrives: ["origin-not-allowed", "https://goodsite.test.:8443", HOST, "cross-site", []],
    sees: NOT_ALLOWED,
  },

  // Places for scripts in a page of the site.
  ...SAME_ORIGIN_PLACES.map((from): Situation => ({
    name: `${from}, in the site's own page`,
    page: GOOD,
    from,
    frame: ORIGIN,
    socket: SELF,
    arrives: ["allowed", ORIGIN, HOST, "same-origin", ALL],
    sees: SERVED,
  })),
  {
    name: "a page under a service worker, which never sees the handshake",
    page: GOOD,
    from: "a page under a service worker",
    socket: SELF,
    arrives: ["allowed", ORIGIN, HOST, "same-origin", ALL],
    sees: ["fetch 418", ...SERVED],
  },
  {
    name: "a credentialless frame, which Firefox takes for any other",
    page: GOOD,
    from: "a credentialless frame",
    frame: ORIGIN,
    socket: SELF,
    arrives: {
      chromium: ["allowed", ORIGIN, HOST, null, []],
      firefox: ["allowed", ORIGIN, HOST, "same-origin", ALL],
    },
    sees: { chromium: SERVED_NOBODY, firefox: SERVED },
  },
  ...OPAQUE_PLACES.map((from): Situation => ({
    name: `${from}, in the site's own page`,
    page: GOOD,
    from,
    frame: ORIGIN,
    socket: SELF,
    arrives: ["origin-null", "null", HOST, "cross-site", []],
    sees: refused("origin-null"),
  })),
  {
    name: "a page that its server puts into a sandbox",
    page: `${ORIGIN}/csp-sandbox`,
    socket: SELF,
    arrives: ["origin-null", "null", HOST, "cross-site", []],
    sees: refused("origin-null"),
  },
  {
    name: "a data: worker, to which Firefox lends the page's origin",
    page: GOOD,
    from: "a data: worker",
    socket: SELF,
    arrives: {
      chromium: ["origin-null", "null", HOST, null, [...SAME_SITE_NONE, "partitioned"]],
      firefox: ["allowed", ORIGIN, HOST, "same-origin", ALL],
    },
    sees: { chromium: refused("origin-null"), firefox: SERVED },
  },
  {
    name: "a file",
    page: "file:///page.html",
    socket: SELF,
    arrives: ["origin-null", "null", HOST, "cross-site", []],
    sees: refused("origin-null"),
  },

  // Other pages of the same site: every cookie rides along, Strict ones too.
  {
    name: "a sibling name",
    page: SIBLING,
    socket: SELF,
    arrives: ["origin-not-allowed", SIBLING_ORIGIN, HOST, "same-site", ALL],
    sees: NOT_ALLOWED,
  },
  {
    name: "a sibling name, and nobody asks",
    page: SIBLING,
    socket: BARE,
    arrives: ["allowed", SIBLING_ORIGIN, HOST, "same-site", ALL],
    sees: SERVED,
  },
  {
    name: "a sibling name that is on the list",
    page: SIBLING,
    socket: "wss://goodsite.test:8443/siblings",
    arrives: ["allowed", SIBLING_ORIGIN, HOST, "same-site", ALL],
    sees: SERVED,
  },
  {
    name: "a name below the page's: the cookies with Domain alone",
    page: GOOD,
    socket: "wss://api.goodsite.test:8443/self",
    arrives: ["origin-not-allowed", ORIGIN, "api.goodsite.test:8443", "same-site", ["domain"]],
    sees: NOT_ALLOWED,
  },
  {
    name: "another port of the same host",
    page: "https://goodsite.test:8444/page",
    socket: SELF,
    arrives: ["origin-not-allowed", "https://goodsite.test:8444", HOST, "same-site", ALL],
    sees: NOT_ALLOWED,
  },
  {
    name: "another port of the same host, and nobody asks",
    page: "https://goodsite.test:8444/page",
    socket: BARE,
    arrives: ["allowed", "https://goodsite.test:8444", HOST, "same-site", ALL],
    sees: SERVED,
  },
  {
    name: "a port against the default port",
    page: GOOD,
    socket: "wss://goodsite.test/self",
    arrives: ["origin-not-allowed", ORIGIN, "goodsite.test", "same-site", ALL],
    sees: NOT_ALLOWED,
  },

  // With and without TLS.
  {
    name: "a page without TLS, a socket with it: Firefox sends Strict cookies",
    page: "http://goodsite.test:8080/page",
    socket: SELF,
    arrives: {
      chromium: ["origin-not-allowed", "http://goodsite.test:8080", HOST, null, []],
      firefox: ["origin-not-allowed", "http://goodsite.test:8080", HOST, "cross-site", ALL_BUT_PARTITIONED],
    },
    sees: NOT_ALLOWED,
  },
  {
    name: "a page without TLS, a socket with it, both at their default ports: only the scheme differs",
    page: "http://goodsite.test/page",
    socket: "wss://goodsite.test/self",
    arrives: {
      chromium: ["origin-not-allowed", "http://goodsite.test", "goodsite.test", null, []],
      firefox: [
        "origin-not-allowed",
        "http://goodsite.test",
        "goodsite.test",
        "cross-site",
        ALL_BUT_PARTITIONED,
      ],
    },
    sees: NOT_ALLOWED,
  },
  {
    name: "a page without TLS, a socket with it, and nobody asks",
    page: "http://goodsite.test:8080/page",
    socket: BARE,
    arrives: {
      chromium: ["allowed", "http://goodsite.test:8080", HOST, null, []],
      firefox: ["allowed", "http://goodsite.test:8080", HOST, "cross-site", ALL_BUT_PARTITIONED],
    },
    sees: { chromium: SERVED_NOBODY, firefox: SERVED },
  },
  {
    name: "a sibling name without TLS, a socket with it, and nobody asks",
    page: "http://app.goodsite.test:8080/page",
    socket: BARE,
    arrives: {
      chromium: ["allowed", "http://app.goodsite.test:8080", HOST, null, []],
      firefox: ["allowed", "http://app.goodsite.test:8080", HOST, "cross-site", ALL_BUT_PARTITIONED],
    },
    sees: { chromium: SERVED_NOBODY, firefox: SERVED },
  },
  {
    name: "a page with TLS, a socket without",
    page: GOOD,
    socket: "ws://goodsite.test:8080/self",
    arrives: null,
    sees: ["threw SecurityError"],
  },
  {
    name: "a page with TLS, a socket of this machine without",
    page: GOOD,
    socket: "ws://localhost:8080/self",
    arrives: ["origin-not-allowed", ORIGIN, "localhost:8080", "cross-site", []],
    sees: NOT_ALLOWED,
  },

  // Other sites.
  {
    name: "another site",
    page: EVIL,
    socket: SELF,
    arrives: ["origin-not-allowed", EVIL_ORIGIN, HOST, "cross-site", []],
    sees: NOT_ALLOWED,
  },
  {
    name: "another site, refused by status",
    page: EVIL,
    socket: SELF_BY_STATUS,
    arrives: ["origin-not-allowed", EVIL_ORIGIN, HOST, "cross-site", []],
    sees: REFUSED_BY_STATUS,
  },
  {
    name: "another site, without TLS",
    page: "http://evil.test:8080/page",
    socket: "ws://goodsite.test:8080/self",
    arrives: ["origin-not-allowed", "http://evil.test:8080", "goodsite.test:8080", null, []],
    sees: NOT_ALLOWED,
  },
  {
    name: "another site that says no-referrer",
    page: `${EVIL_ORIGIN}/no-referrer`,
    socket: SELF,
    arrives: ["origin-not-allowed", EVIL_ORIGIN, HOST, "cross-site", []],
    sees: NOT_ALLOWED,
  },
  {
    name: "another site's empty popup",
    page: EVIL,
    from: "an about:blank popup",
    socket: SELF,
    arrives: ["origin-not-allowed", EVIL_ORIGIN, HOST, "cross-site", []],
    sees: NOT_ALLOWED,
  },
  {
    name: "another site's page in a frame of the site's own",
    page: GOOD,
    from: "a frame",
    frame: EVIL_ORIGIN,
    socket: SELF,
    arrives: ["origin-not-allowed", EVIL_ORIGIN, HOST, "cross-site", []],
    sees: NOT_ALLOWED,
  },
  {
    name: "the site's own page in another site's frame: nothing tells, and no cookies",
    page: EVIL,
    from: "a frame",
    frame: ORIGIN,
    socket: SELF,
    arrives: ["allowed", ORIGIN, HOST, "same-origin", []],
    sees: SERVED_NOBODY,
  },
  {
    name: "another site whose name leads to this server",
    page: EVIL,
    socket: "wss://evil.test:8443/self",
    arrives: ["host-not-allowed", EVIL_ORIGIN, "evil.test:8443", "same-origin", []],
    sees: refused("host-not-allowed"),
  },
  {
    name: "another site whose name leads to this server, without TLS",
    page: "http://evil.test:8080/page",
    socket: "ws://evil.test:8080/self",
    arrives: ["host-not-allowed", "http://evil.test:8080", "evil.test:8080", null, []],
    sees: refused("host-not-allowed"),
  },

  // This machine.
  {
    name: "localhost",
    page: "http://localhost:8080/page",
    socket: "ws://localhost:8080/self",
    arrives: ["allowed", "http://localhost:8080", "localhost:8080", "same-origin", OF_THIS_HOST],
    sees: SERVED,
  },
  {
    name: "IPv4, the socket's written otherwise",
    page: "http://127.0.0.1:8080/page",
    socket: "ws://0x7f.1:8080/self",
    arrives: ["allowed", "http://127.0.0.1:8080", "127.0.0.1:8080", "same-origin", OF_THIS_HOST],
    sees: SERVED,
  },
  {
    name: "IPv6, the socket's written otherwise",
    page: "http://[::1]:8080/page",
    socket: "ws://[0:0:0:0:0:0:0:1]:8080/self",
    arrives: ["allowed", "http://[::1]:8080", "[::1]:8080", "same-origin", OF_THIS_HOST],
    sees: SERVED,
  },
  {
    name: "127.0.0.1 against localhost",
    page: "http://127.0.0.1:8080/page",
    socket: "ws://localhost:8080/self",
    arrives: ["origin-not-allowed", "http://127.0.0.1:8080", "localhost:8080", "cross-site", []],
    sees: NOT_ALLOWED,
  },
  {
    name: "a name below localhost against localhost",
    page: "http://app.localhost:8080/page",
    socket: "ws://localhost:8080/self",
    arrives: ["origin-not-allowed", "http://app.localhost:8080", "localhost:8080", "cross-site", []],
    sees: NOT_ALLOWED,
  },
  {
    name: "another port of localhost",
    page: "http://localhost:8081/page",
    socket: "ws://localhost:8080/self",
    arrives: ["origin-not-allowed", "http://localhost:8081", "localhost:8080", "same-site", OF_THIS_HOST],
    sees: NOT_ALLOWED,
  },

  // Subprotocols.
  {
    name: "subprotocols, one of them chosen",
    page: GOOD,
    socket: "wss://goodsite.test:8443/chat",
    protocols: ["chat.v1", "chat.v2"],
    arrives: ["allowed", ORIGIN, HOST, "same-origin", ALL],
    sees: ["open chat.v2", "mail of ada", CLOSED],
  },
  {
    name: "subprotocols, none of them chosen, which Chromium does not take",
    page: GOOD,
    socket: "wss://goodsite.test:8443/chat",
    protocols: ["other"],
    arrives: ["allowed", ORIGIN, HOST, "same-origin", ALL],
    sees: { chromium: REFUSED_BY_STATUS, firefox: SERVED },
  },
  {
    name: "subprotocols, refused",
    page: EVIL,
    socket: "wss://goodsite.test:8443/chat",
    protocols: ["bearer.s3cret", "chat.v1"],
    arrives: ["origin-not-allowed", EVIL_ORIGIN, HOST, "cross-site", []],
    sees: ["open chat.v1", "close 4403 origin-not-allowed clean"],
  },

  // Who is asking.
  {
    name: "members only, logged in",
    page: GOOD,
    socket: "wss://goodsite.test:8443/members",
    arrives: ["allowed", ORIGIN, HOST, "same-origin", ALL],
    sees: SERVED,
  },
  {
    name: "members only, a sibling name with the member's cookies",
    page: SIBLING,
    socket: "wss://goodsite.test:8443/members",
    arrives: ["origin-not-allowed", SIBLING_ORIGIN, HOST, "same-site", ALL],
    sees: NOT_ALLOWED,
  },
  {
    name: "members only, logged out",
    first: `${ORIGIN}/logout`,
    page: GOOD,
    socket: "wss://goodsite.test:8443/members",
    arrives: ["unauthenticated", ORIGIN, HOST, "same-origin", LOGGED_OUT],
    sees: refused("unauthenticated", 4401),
  },
  {
    name: "members only, logged out, refused by status",
    first: `${ORIGIN}/logout`,
    page: GOOD,
    socket: "wss://goodsite.test:8443/members-by-status",
    arrives: ["unauthenticated", ORIGIN, HOST, "same-origin", LOGGED_OUT],
    sees: REFUSED_BY_STATUS,
  },
  {
    name: "members only, logged in again",
    first: `${ORIGIN}/login`,
    page: GOOD,
    socket: "wss://goodsite.test:8443/members-by-status",
    arrives: ["allowed", ORIGIN, HOST, "same-origin", ALL],
    sees: SERVED,
  },
];

/** What Firefox, which knows no Lax by default, adds to what Chromium sends to another site. */
const SAME_SITE_NONE_OR_UNSPECIFIED = [...SAME_SITE_NONE, "unspecified"];

/** Browsers that let third-party cookies be. */
export const THIRD_PARTY: readonly Situation[] = [
  {
    name: "another site, and nobody asks",
    page: EVIL,
    socket: BARE,
    arrives: {
      chromium: ["allowed", EVIL_ORIGIN, HOST, null, SAME_SITE_NONE],
      firefox: ["allowed", EVIL_ORIGIN, HOST, "cross-site", SAME_SITE_NONE_OR_UNSPECIFIED],
    },
    sees: SERVED,
  },
  {
    name: "another site",
    page: EVIL,
    socket: SELF,
    arrives: {
      chromium: ["origin-not-allowed", EVIL_ORIGIN, HOST, null, SAME_SITE_NONE],
      firefox: ["origin-not-allowed", EVIL_ORIGIN, HOST, "cross-site", SAME_SITE_NONE_OR_UNSPECIFIED],
    },
    sees: NOT_ALLOWED,
  },
  {
    name: "the site's own page in another site's frame",
    page: EVIL,
    from: "a frame",
    frame: ORIGIN,
    socket: SELF,
    arrives: {
      chromium: ["allowed", ORIGIN, HOST, null, SAME_SITE_NONE],
      firefox: ["allowed", ORIGIN, HOST, "same-origin", SAME_SITE_NONE_OR_UNSPECIFIED],
    },
    sees: SERVED,
  },
  {
    name: "a sandboxed frame, in the site's own page",
    page: GOOD,
    from: "a sandboxed frame",
    frame: ORIGIN,
    socket: SELF,
    arrives: {
      chromium: ["origin-null", "null", HOST, null, SAME_SITE_NONE],
      firefox: ["origin-null", "null", HOST, "cross-site", SAME_SITE_NONE_OR_UNSPECIFIED],
    },
    sees: refused("origin-null"),
  },
  {
    name: "a page without TLS, a socket with it",
    page: "http://goodsite.test:8080/page",
    socket: SELF,
    arrives: {
      chromium: ["origin-not-allowed", "http://goodsite.test:8080", HOST, null, SAME_SITE_NONE],
      firefox: ["origin-not-allowed", "http://goodsite.test:8080", HOST, "cross-site", ALL_BUT_PARTITIONED],
    },
    sees: NOT_ALLOWED,
  },
  {
    name: "a file, and nobody asks",
    page: "file:///page.html",
    socket: BARE,
    arrives: {
      chromium: ["allowed", "null", HOST, null, SAME_SITE_NONE],
      firefox: ["allowed", "null", HOST, "cross-site", SAME_SITE_NONE_OR_UNSPECIFIED],
    },
    sees: SERVED,
  },
];
