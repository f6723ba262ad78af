/**
 * Names under which strangers can register: a wildcard over one of them admits everybody.
 *
 * This is the short list that everyone ships, of the commonest by far; it cannot be complete. The rest of the
 * rule needs no list: a single label is a top-level domain, or a name of somebody's own network.
 */

const SHARED_SUFFIXES = [
  // registries below a country's top-level domain
  ...["co.uk", "org.uk", "ac.uk", "gov.uk", "com.au", "net.au", "org.au", "co.jp", "ne.jp", "or.jp", "co.nz"],
  ...[
    "co.za",
    "co.in",
    "co.kr",
    "com.br",
    "com.cn",
    "com.mx",
    "com.tr",
    "com.ar",
    "com.sg",
    "com.hk",
    "com.tw",
  ],
  // hosting: a name for everyone who signs up
  ...[
    "github.io",
    "gitlab.io",
    "githubpreview.dev",
    "app.github.dev",
    "pages.dev",
    "workers.dev",
    "vercel.app",
  ],
  ...["netlify.app", "deno.dev", "deno.net", "fly.dev", "onrender.com", "herokuapp.com", "up.railway.app"],
  ...["web.app", "firebaseapp.com", "run.app", "appspot.com", "azurewebsites.net", "azurestaticapps.net"],
  ...[
    "cloudapp.azure.com",
    "s3.amazonaws.com",
    "compute.amazonaws.com",
    "elb.amazonaws.com",
    "cloudfront.net",
  ],
  ...["surge.sh", "glitch.me", "replit.app", "repl.co", "stackblitz.io", "webcontainer.io", "lovable.app"],
  ...["blogspot.com", "wordpress.com", "myshopify.com"],
  // tunnels: a name for everyone who runs a command
  ...[
    "ngrok.io",
    "ngrok.app",
    "ngrok.dev",
    "ngrok-free.app",
    "ngrok-free.dev",
    "trycloudflare.com",
    "loca.lt",
  ],
  ...["serveo.net", "devtunnels.ms", "tunnelmole.net"],
  // dynamic DNS, and names that resolve to the address written in them: the tools of DNS rebinding
  ...["duckdns.org", "ddns.net", "dynv6.net", "nip.io", "sslip.io", "xip.io", "localtest.me", "lvh.me"],
];

/** Nobody else can register below these (RFC 6761 §6, RFC 8375, ICANN's `internal`); `local` is anyone's on the link. */
const RESERVED = new Set(["localhost", "test", "example", "invalid", "internal", "home.arpa"]);

const listed = new Set(SHARED_SUFFIXES);
/** Every name above a listed one: a wildcard over `amazonaws.com` covers `s3.amazonaws.com` too. */
const aboveListed = new Set(SHARED_SUFFIXES.flatMap((suffix) => ancestors(suffix)));

/**
 * Why a wildcard over `host` (canonical, with or without a trailing dot) would admit strangers; null: it would not,
 * as far as this list knows.
 */
export function whyShared(host: string): "single-label" | "shared-suffix" | null {
  // A trailing dot is another host in an origin, and the same zone in the DNS.
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  if (RESERVED.has(name)) return null;
  if (!name.includes(".")) return "single-label";
  return listed.has(name) || aboveListed.has(name) ? "shared-suffix" : null;
}

function ancestors(name: string): string[] {
  const labels = name.split(".");
  return labels.slice(1).map((_, index) => labels.slice(index + 1).join("."));
}
