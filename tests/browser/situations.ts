/**
 * Where a page can be, what it opens, what then arrives at the server and what the page sees: one row each, as measured
 * in Chromium 156 and Firefox 153. `server.ts` says what is behind each socket's path.
 *
 * @module
 */

/** One for each browser. */
type Each<T> = Readonly<Record<"chromium" | "firefox", T>>;

/** The verdict, Origin, Host, Firefox's Sec-Fetch-Site (Chromium sends none) and the names of the cookies. */
type Arrival = readonly [
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

/** What Firefox, which knows no Lax by default, adds to what Chromium sends to another site. */
const SAME_SITE_NONE_OR_UNSPECIFIED = [...SAME_SITE_NONE, "unspecified"];

const ORIGIN = "https://goodsite.test:8443";
const GOOD = `${ORIGIN}/page`;
const PLAIN = "http://goodsite.test:8080/page";
const SIBLING = "https://app.goodsite.test:8443/page";
const OTHER_PORT = "https://goodsite.test:8444/page";
const EVIL = "https://evil.test:8443/page";
const PLAIN_EVIL = "http://evil.test:8080/page";
/** Allows its own origin, and shows a refusal. */
const SELF = "wss://goodsite.test:8443/self";
const PLAIN_SELF = "ws://goodsite.test:8080/self";
const LOCAL_SELF = "ws://localhost:8080/self";
/** The same, and refuses by status. */
const SELF_BY_STATUS = "wss://goodsite.test:8443/self-by-status";
/** Asks nobody. */
const BARE = "wss://goodsite.test:8443/bare";
const CHAT = "wss://goodsite.test:8443/chat";
const MEMBERS = "wss://goodsite.test:8443/members";
const MEMBERS_BY_STATUS = "wss://goodsite.test:8443/members-by-status";

// What a page sees. Whoever sees Ada's mail has her cookie's rights.
const CLOSED = "close 1000 thanks clean";
const SERVED = ["open", "mail of ada", CLOSED];
const SERVED_NOBODY = ["open", "mail of nobody", CLOSED];
const REFUSED_BY_STATUS = ["error", "close 1006 unclean"];
const refused = (reason: string, code = 4403) => ["open", `close ${code} ${reason} clean`];

/** What arrives beside Origin and Host, and what the page sees of it. */
interface Outcome {
  readonly judged: string;
  readonly site: string | null;
  readonly cookies: readonly string[];
  readonly sees: readonly string[];
}

function served(site: string | null, cookies: readonly string[], sees: readonly string[] = SERVED): Outcome {
  return { judged: "allowed", site, cookies, sees };
}

function denied(
  judged: string,
  site: string | null,
  cookies: readonly string[],
  sees: readonly string[] = refused(judged),
): Outcome {
  return { judged, site, cookies, sees };
}

const notAllowed = (site: string | null, cookies: readonly string[], sees?: readonly string[]) =>
  denied("origin-not-allowed", site, cookies, sees);

const OWN = served("same-origin", ALL);
const OF_THIS_NAME = served("same-origin", OF_THIS_HOST);
const FOREIGN = notAllowed("cross-site", []);
const OPAQUE = denied("origin-null", "cross-site", []);
const UNAUTHENTICATED = denied(
  "unauthenticated",
  "same-origin",
  LOGGED_OUT,
  refused("unauthenticated", 4401),
);

/** Where the row says nothing else, the Origin is that of the frame or the page, the Host that of the socket. */
interface More extends Partial<Pick<Situation, "first" | "from" | "frame" | "protocols">> {
  readonly origin?: string;
  readonly host?: string;
}

/** `outcome`: one, one for each browser (Chromium, Firefox), or what the page's script gets thrown. */
function row(
  name: string,
  page: string,
  socket: string,
  outcome: Outcome | readonly [Outcome, Outcome] | string,
  { origin, host, ...more }: More = {},
): Situation {
  const visit = { name, page, socket, ...more };
  if (typeof outcome === "string") {
    const sees = [`threw ${outcome}`];
    return { ...visit, arrives: { chromium: null, firefox: null }, sees: { chromium: sees, firefox: sees } };
  }
  const arrival = ({ judged, site, cookies }: Outcome): Arrival => [
    judged,
    judged === "origin-null" ? "null" : origin ?? more.frame ?? page.slice(0, page.lastIndexOf("/")),
    host ?? socket.split("/")[2]!,
    site,
    cookies,
  ];
  const [chromium, firefox] = "judged" in outcome ? [outcome, outcome] : outcome;
  return {
    ...visit,
    arrives: { chromium: arrival(chromium), firefox: arrival(firefox) },
    sees: { chromium: chromium.sees, firefox: firefox.sees },
  };
}

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
  row("the same origin", GOOD, SELF, OWN),
  row("the same origin, without TLS", PLAIN, PLAIN_SELF, served(null, NOT_SECURE)),
  row("the default port of TLS", "https://goodsite.test/page", "wss://goodsite.test:443/self", OWN, {
    host: "goodsite.test",
  }),
  row(
    "the default port without TLS",
    "http://goodsite.test/page",
    "ws://goodsite.test:80/self",
    served(null, NOT_SECURE),
    { host: "goodsite.test" },
  ),
  row(
    "capitals, zeros before the port, a user and a password",
    GOOD,
    "wss://user:pw@GOODSITE.test:08443/self",
    OWN,
    { host: "goodsite.test:8443" },
  ),
  row("an https: URL for the socket", GOOD, `${ORIGIN}/self`, OWN),
  row("a fragment in the socket's URL", GOOD, `${SELF}#`, "SyntaxError"),
  row(
    "a name that is not ASCII",
    "https://bücher.test:8443/page",
    "wss://bücher.test:8443/self",
    OF_THIS_NAME,
    { origin: "https://xn--bcher-kva.test:8443", host: "xn--bcher-kva.test:8443" },
  ),
  row(
    "a dot at the end of both names",
    "https://goodsite.test.:8443/page",
    "wss://goodsite.test.:8443/self",
    OF_THIS_NAME,
  ),
  row("a dot at the end of the page's name alone", "https://goodsite.test.:8443/page", SELF, FOREIGN),

  // Places for scripts in a page of the site.
  ...SAME_ORIGIN_PLACES.map((from) =>
    row(`${from}, in the site's own page`, GOOD, SELF, OWN, { from, frame: ORIGIN })
  ),
  row(
    "a page under a service worker, which never sees the handshake",
    GOOD,
    SELF,
    served("same-origin", ALL, ["fetch 418", ...SERVED]),
    { from: "a page under a service worker" },
  ),
  row(
    "a credentialless frame, which Firefox takes for any other",
    GOOD,
    SELF,
    [served(null, [], SERVED_NOBODY), OWN],
    { from: "a credentialless frame", frame: ORIGIN },
  ),
  ...OPAQUE_PLACES.map((from) =>
    row(`${from}, in the site's own page`, GOOD, SELF, OPAQUE, { from, frame: ORIGIN })
  ),
  row("a page that its server puts into a sandbox", `${ORIGIN}/csp-sandbox`, SELF, OPAQUE),
  row(
    "a data: worker, to which Firefox lends the page's origin",
    GOOD,
    SELF,
    [denied("origin-null", null, [...SAME_SITE_NONE, "partitioned"]), OWN],
    { from: "a data: worker" },
  ),
  row("a file", "file:///page.html", SELF, OPAQUE),

  // Other pages of the same site: every cookie rides along, Strict ones too.
  row("a sibling name", SIBLING, SELF, notAllowed("same-site", ALL)),
  row("a sibling name, and nobody asks", SIBLING, BARE, served("same-site", ALL)),
  row(
    "a sibling name that is on the list",
    SIBLING,
    "wss://goodsite.test:8443/siblings",
    served("same-site", ALL),
  ),
  row(
    "a name below the page's: the cookies with Domain alone",
    GOOD,
    "wss://api.goodsite.test:8443/self",
    notAllowed("same-site", ["domain"]),
  ),
  row("another port of the same host", OTHER_PORT, SELF, notAllowed("same-site", ALL)),
  row("another port of the same host, and nobody asks", OTHER_PORT, BARE, served("same-site", ALL)),
  row("a port against the default port", GOOD, "wss://goodsite.test/self", notAllowed("same-site", ALL)),

  // With and without TLS.
  row("a page without TLS, a socket with it: Firefox sends Strict cookies", PLAIN, SELF, [
    notAllowed(null, []),
    notAllowed("cross-site", ALL_BUT_PARTITIONED),
  ]),
  row(
    "a page without TLS, a socket with it, both at their default ports: only the scheme differs",
    "http://goodsite.test/page",
    "wss://goodsite.test/self",
    [notAllowed(null, []), notAllowed("cross-site", ALL_BUT_PARTITIONED)],
  ),
  row("a page without TLS, a socket with it, and nobody asks", PLAIN, BARE, [
    served(null, [], SERVED_NOBODY),
    served("cross-site", ALL_BUT_PARTITIONED),
  ]),
  row(
    "a sibling name without TLS, a socket with it, and nobody asks",
    "http://app.goodsite.test:8080/page",
    BARE,
    [served(null, [], SERVED_NOBODY), served("cross-site", ALL_BUT_PARTITIONED)],
  ),
  row("a page with TLS, a socket without", GOOD, PLAIN_SELF, "SecurityError"),
  row("a page with TLS, a socket of this machine without", GOOD, LOCAL_SELF, FOREIGN),

  // Other sites.
  row("another site", EVIL, SELF, FOREIGN),
  row(
    "another site, refused by status",
    EVIL,
    SELF_BY_STATUS,
    notAllowed("cross-site", [], REFUSED_BY_STATUS),
  ),
  row("another site, without TLS", PLAIN_EVIL, PLAIN_SELF, notAllowed(null, [])),
  row("another site that says no-referrer", "https://evil.test:8443/no-referrer", SELF, FOREIGN),
  row("another site's empty popup", EVIL, SELF, FOREIGN, { from: "an about:blank popup" }),
  row("another site's page in a frame of the site's own", GOOD, SELF, FOREIGN, {
    from: "a frame",
    frame: "https://evil.test:8443",
  }),
  row(
    "the site's own page in another site's frame: nothing tells, and no cookies",
    EVIL,
    SELF,
    served("same-origin", [], SERVED_NOBODY),
    { from: "a frame", frame: ORIGIN },
  ),
  row(
    "another site whose name leads to this server",
    EVIL,
    "wss://evil.test:8443/self",
    denied("host-not-allowed", "same-origin", []),
  ),
  row(
    "another site whose name leads to this server, without TLS",
    PLAIN_EVIL,
    "ws://evil.test:8080/self",
    denied("host-not-allowed", null, []),
  ),

  // This machine.
  row("localhost", "http://localhost:8080/page", LOCAL_SELF, OF_THIS_NAME),
  row(
    "IPv4, the socket's written otherwise",
    "http://127.0.0.1:8080/page",
    "ws://0x7f.1:8080/self",
    OF_THIS_NAME,
    { host: "127.0.0.1:8080" },
  ),
  row(
    "IPv6, the socket's written otherwise",
    "http://[::1]:8080/page",
    "ws://[0:0:0:0:0:0:0:1]:8080/self",
    OF_THIS_NAME,
    { host: "[::1]:8080" },
  ),
  row("127.0.0.1 against localhost", "http://127.0.0.1:8080/page", LOCAL_SELF, FOREIGN),
  row("a name below localhost against localhost", "http://app.localhost:8080/page", LOCAL_SELF, FOREIGN),
  row(
    "another port of localhost",
    "http://localhost:8081/page",
    LOCAL_SELF,
    notAllowed("same-site", OF_THIS_HOST),
  ),

  // Subprotocols.
  row(
    "subprotocols, one of them chosen",
    GOOD,
    CHAT,
    served("same-origin", ALL, ["open chat.v2", "mail of ada", CLOSED]),
    { protocols: ["chat.v1", "chat.v2"] },
  ),
  row(
    "subprotocols, none of them chosen, which Chromium does not take",
    GOOD,
    CHAT,
    [served("same-origin", ALL, REFUSED_BY_STATUS), OWN],
    { protocols: ["other"] },
  ),
  row(
    "subprotocols, refused",
    EVIL,
    CHAT,
    notAllowed("cross-site", [], ["open chat.v1", "close 4403 origin-not-allowed clean"]),
    { protocols: ["bearer.s3cret", "chat.v1"] },
  ),

  // Who is asking.
  row("members only, logged in", GOOD, MEMBERS, OWN),
  row(
    "members only, a sibling name with the member's cookies",
    SIBLING,
    MEMBERS,
    notAllowed("same-site", ALL),
  ),
  row("members only, logged out", GOOD, MEMBERS, UNAUTHENTICATED, { first: `${ORIGIN}/logout` }),
  row(
    "members only, logged out, refused by status",
    GOOD,
    MEMBERS_BY_STATUS,
    { ...UNAUTHENTICATED, sees: REFUSED_BY_STATUS },
    { first: `${ORIGIN}/logout` },
  ),
  row("members only, logged in again", GOOD, MEMBERS_BY_STATUS, OWN, { first: `${ORIGIN}/login` }),
];

/** Browsers that let third-party cookies be. */
export const THIRD_PARTY: readonly Situation[] = [
  row("another site, and nobody asks", EVIL, BARE, [
    served(null, SAME_SITE_NONE),
    served("cross-site", SAME_SITE_NONE_OR_UNSPECIFIED),
  ]),
  row("another site", EVIL, SELF, [
    notAllowed(null, SAME_SITE_NONE),
    notAllowed("cross-site", SAME_SITE_NONE_OR_UNSPECIFIED),
  ]),
  row("the site's own page in another site's frame", EVIL, SELF, [
    served(null, SAME_SITE_NONE),
    served("same-origin", SAME_SITE_NONE_OR_UNSPECIFIED),
  ], { from: "a frame", frame: ORIGIN }),
  row("a sandboxed frame, in the site's own page", GOOD, SELF, [
    denied("origin-null", null, SAME_SITE_NONE),
    denied("origin-null", "cross-site", SAME_SITE_NONE_OR_UNSPECIFIED),
  ], { from: "a sandboxed frame", frame: ORIGIN }),
  row("a page without TLS, a socket with it", PLAIN, SELF, [
    notAllowed(null, SAME_SITE_NONE),
    notAllowed("cross-site", ALL_BUT_PARTITIONED),
  ]),
  row("a file, and nobody asks", "file:///page.html", BARE, [
    served(null, SAME_SITE_NONE),
    served("cross-site", SAME_SITE_NONE_OR_UNSPECIFIED),
  ], { origin: "null" }),
];
