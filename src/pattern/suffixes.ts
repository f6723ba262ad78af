/**
 * Names under which strangers can register: a wildcard over one of them admits everybody.
 *
 * This is the short list that everyone ships, of the commonest by far; it cannot be complete. Two rules need no list: a
 * single label is a top-level domain, or a name of somebody's own network; and `com.xx`, `co.xx` and their like are
 * registries in nearly every country.
 */

import { ancestors, isOnOrAbove, isOwnOrAbove, type SuffixList } from "./suffix_list.ts";

/** Below `*.name`, the names one label down are shared too: regions, and zones of the provider's own. */
const SHARED_SUFFIXES: readonly string[] = [
  // registries that the rule for countries does not know
  "me.uk ltd.uk plc.uk id.au uk.com us.com eu.com de.com eu.org com.de co.com",
  // hosting: a name for everyone who signs up
  "github.io gitlab.io githubpreview.dev app.github.dev pages.dev workers.dev vercel.app netlify.app deno.dev",
  "deno.net fly.dev onrender.com herokuapp.com up.railway.app web.app firebaseapp.com *.run.app appspot.com",
  "*.r.appspot.com *.azurewebsites.net *.azurestaticapps.net *.cloudapp.azure.com s3.amazonaws.com",
  "compute.amazonaws.com compute-1.amazonaws.com elb.amazonaws.com cloudfront.net surge.sh glitch.me",
  "replit.app *.replit.dev repl.co stackblitz.io webcontainer.io lovable.app blogspot.com wordpress.com",
  "myshopify.com supabase.co convex.cloud convex.site ondigitalocean.app amplifyapp.com *.awsapprunner.com",
  "*.elasticbeanstalk.com azureedge.net azurefd.net trafficmanager.net cloudapp.net azure-api.net *.core.windows.net",
  "*.azurecontainer.io *.azurecontainerapps.io cloudfunctions.net *.hosted.app koyeb.app zeabur.app *.code.run now.sh",
  "webflow.io framer.app framer.website wixsite.com wixstudio.com bubbleapps.io notion.site",
  // demos and previews: a name for everyone who tries something out
  "hf.space streamlit.app gradio.live shinyapps.io modal.run csb.app *.gitpod.io expo.app v0.build vusercontent.net",
  "lovableproject.com bolt.host base44.app preview.emergentagent.com",
  // tunnels: a name for everyone who runs a command
  "ts.net *.c.ts.net lhr.life lhr.rocks serveousercontent.com share.zrok.io a.pinggy.link a.free.pinggy.link",
  "*.localto.net exp.direct loophole.site ngrok.pro ngrok.pizza",
  "ngrok.io eu.ngrok.io us.ngrok.io ap.ngrok.io au.ngrok.io sa.ngrok.io jp.ngrok.io in.ngrok.io ngrok.app",
  "ngrok.dev ngrok-free.app ngrok-free.dev trycloudflare.com loca.lt serveo.net *.devtunnels.ms tunnelmole.net",
  // dynamic DNS, also for the boxes that people have at home
  "duckdns.org ddns.net dynv6.net hopto.org zapto.org sytes.net no-ip.org mooo.com synology.me myds.me dscloud.me",
  "direct.quickconnect.to myqnapcloud.com myfritz.net ui.nabu.casa",
  // names that resolve to the address written in them: the tools of DNS rebinding
  "nip.io sslip.io xip.io traefik.me localtest.me lvh.me",
];

const COUNTRY_REGISTRY = /^(?:com|co|org|or|net|ne|gov|go|gob|gouv|edu|ac|mil)\.[a-z]{2}$/;
/** `s3.eu-west-1.amazonaws.com`, `eu-west-1.elb.amazonaws.com`: nobody's own zone is so near the top of it. */
const AMAZON = /^(?:[^.]+\.){1,2}amazonaws\.com$/;

/** Nobody else can register below these (RFC 6761 §6, RFC 8375, ICANN's `internal`); `local` is anyone's on the link. */
const RESERVED = /* @__PURE__ */ new Set([
  "localhost",
  "test",
  "example",
  "invalid",
  "internal",
  "home.arpa",
]);

interface ShortList {
  readonly listed: ReadonlySet<string>;
  /** Those below which the names one label down are listed too. */
  readonly withZones: ReadonlySet<string>;
  /** Every name above a listed one: a wildcard over `amazonaws.com` covers `s3.amazonaws.com` too. */
  readonly above: ReadonlySet<string>;
}

const shortList = /* @__PURE__ */ readShortList(SHARED_SUFFIXES);

function readShortList(lines: readonly string[]): ShortList {
  const suffixes = lines.flatMap((names) => names.split(" "));
  const withZones = suffixes.filter((suffix) => suffix.startsWith("*.")).map((suffix) => suffix.slice(2));
  const listed = new Set([...withZones, ...suffixes.filter((suffix) => !suffix.startsWith("*."))]);
  return { listed, withZones: new Set(withZones), above: new Set([...listed].flatMap(ancestors)) };
}

/**
 * Why a wildcard over `host` (canonical, with or without a trailing dot) would admit strangers; null: it would not,
 * as far as this list knows and, where one is given, `suffixes`. A list that is given only ever adds to this one.
 */
export function whyShared(
  host: string,
  suffixes: SuffixList | null = null,
): "single-label" | "shared-suffix" | null {
  // A trailing dot is another host in an origin, and the same zone in the DNS.
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  // Before what is reserved: an operator who names `corp.internal` knows who registers below `internal`.
  if (suffixes !== null && isOwnOrAbove(suffixes, name)) return "shared-suffix";
  if (RESERVED.has(name)) return null;
  if (!name.includes(".")) return "single-label";
  // Not left to the longer list where there is one: no public list has all these names (`nip.io`, tunnels, the regions
  // of tomorrow), nor every country's registries. The rule for countries refuses some names that are one owner's
  // (`gov.be`): each of the two lists may be wrong, and then a name too many is refused, not too few.
  const { listed, withZones, above } = shortList;
  const shared = listed.has(name) || above.has(name) || AMAZON.test(name) || COUNTRY_REGISTRY.test(name) ||
    withZones.has(name.slice(name.indexOf(".") + 1)) ||
    suffixes !== null && isOnOrAbove(suffixes, name);
  return shared ? "shared-suffix" : null;
}
