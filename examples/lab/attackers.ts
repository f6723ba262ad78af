/**
 * Who attacks in the lab, from where, and which login cookies were measured to come along.
 *
 * The cookie tables are facts about browsers, not settings: `tests/browser/lab_test.ts` measures every one of them
 * again, in Chromium 156 and in Firefox 153.
 *
 * @module
 */

import type { AttackerView } from "./messages.ts";

/** Where the two sites of the lab listen. */
export interface Ports {
  readonly site: number;
  readonly attacker: number;
}

/** The names that the good site answers to. */
export const SITE_HOSTS = ["localhost", "app.site.localhost"];

/** An attacker, and the one handshake that it can make a browser, or its own program, send. */
export interface Attacker extends AttackerView {
  /** The Origin that arrives; null: none. */
  readonly origin: string | null;
  /** The Host that arrives. */
  readonly host: string;
}

const EVERY = { Strict: "yes", Lax: "yes", None: "yes" } as const;
/** Of another site: SameSite=None says that it may, and the browser's own setting has the last word. */
const THIRD_PARTY = { Strict: "no", Lax: "no", None: "third-party" } as const;
/** Cookies belong to the name they were set by. */
const NO_COOKIE = { Strict: "no", Lax: "no", None: "no" } as const;

/** Every attacker of the lab, the plainest first. */
export function attackers({ site, attacker }: Ports): readonly Attacker[] {
  const localhost = `localhost:${site}`;
  return [
    {
      id: "other-port",
      title: "A page on another port",
      by: "page",
      page: `http://localhost:${attacker}/`,
      origin: `http://localhost:${attacker}`,
      host: localhost,
      cookies: { chromium: EVERY, firefox: EVERY },
      works: true,
      why:
        "SameSite compares sites, and a site has no port: to the browser this page and the good one are the " +
        "same site. (Cookies ignore ports altogether, so this attacker's server is sent the cookie as well.)",
    },
    {
      id: "sibling",
      title: "A page on a sibling subdomain",
      by: "page",
      page: `http://evil.site.localhost:${attacker}/`,
      origin: `http://evil.site.localhost:${attacker}`,
      host: `app.site.localhost:${site}`,
      cookies: { chromium: EVERY, firefox: EVERY },
      works: true,
      why:
        "Every subdomain of site.localhost is the same site, so SameSite=Strict lets the cookie go along: to " +
        "app.site.localhost, and to nobody else. One forgotten blog with a hole in it is enough.",
    },
    {
      id: "cousin",
      title: "A page on evil.localhost, against localhost",
      by: "page",
      page: `http://evil.localhost:${attacker}/`,
      origin: `http://evil.localhost:${attacker}`,
      host: localhost,
      cookies: { chromium: THIRD_PARTY, firefox: THIRD_PARTY },
      works: false,
      why:
        "Not a sibling, though it looks like one: localhost is a top-level domain, so evil.localhost is a site " +
        "of its own, and SameSite keeps the cookie back.",
    },
    {
      id: "address",
      title: "A page on 127.0.0.1, against localhost",
      by: "page",
      page: `http://127.0.0.1:${attacker}/`,
      origin: `http://127.0.0.1:${attacker}`,
      host: localhost,
      cookies: { chromium: THIRD_PARTY, firefox: THIRD_PARTY },
      works: false,
      why:
        "The same machine, and another site: browsers compare names, not what they resolve to. The cookie stays.",
    },
    {
      id: "sandbox",
      title: "A sandboxed frame",
      by: "frame",
      page: null,
      origin: "null",
      host: localhost,
      cookies: { chromium: THIRD_PARTY, firefox: THIRD_PARTY },
      works: false,
      why:
        'Its origin is opaque, which is written "null" and is nobody\'s site: no cookie goes along. Listing ' +
        "null would let in every page that puts itself in a sandbox.",
    },
    {
      id: "rebinding",
      title: "A rebinding name in the Host header",
      by: "program",
      page: null,
      origin: `http://rebound.test:${site}`,
      host: `rebound.test:${site}`,
      cookies: { chromium: NO_COOKIE, firefox: NO_COOKIE },
      works: false,
      why:
        "A name of the attacker's that was made to resolve to this machine: Origin and Host agree with each " +
        "other. The cookie stays with its own name, so nothing private is lost here; a service that trusts " +
        "whoever can reach it would be open. (The lab sends it itself: a browser needs a name server that lies.)",
    },
    {
      id: "native",
      title: "A native client without Origin",
      by: "program",
      page: null,
      origin: null,
      host: localhost,
      cookies: null,
      works: false,
      why:
        "curl, a script, an app: it can claim any Origin, and it has nobody's login cookie. The origin check " +
        "is there for browsers, which cannot lie about it. (The lab sends it itself.)",
    },
  ];
}
