/**
 * Names under which strangers can register: a wildcard over one of them admits everybody.
 *
 * This is the short list that everyone ships, of the commonest by far; it cannot be complete. Two rules need no list: a
 * single label is a top-level domain, or a name of somebody's own network; and `com.xx`, `co.xx` and their like are
 * registries in nearly every country.
 */

import { isOnOrAbove, type SuffixList } from "./suffix_list.ts";

/** Below `*.name`, the names one label down are shared too: regions, and zones of the provider's own. */
const SHARED_SUFFIXES = [
  // registries that the rule for countries does not know
  "me.uk ltd.uk plc.uk id.au uk.com us.com eu.com de.com eu.org com.de co.com",
  // hosting: a name for everyone who signs up
  "github.io gitlab.io githubpreview.dev app.github.dev pages.dev workers.dev vercel.app netlify.app deno.dev",
  "deno.net fly.dev onrender.com herokuapp.com up.railway.app web.app firebaseapp.com *.run.app appspot.com",
  "*.r.appspot.com *.azurewebsites.net *.azurestaticapps.net *.cloudapp.azure.com s3.amazonaws.com",
  "compute.amazonaws.com compute-1.amazonaws.com elb.amazonaws.com cloudfront.net surge.sh glitch.me",
  "replit.app *.replit.dev repl.co stackblitz.io webcontainer.io lovable.app blogspot.com wordpress.com",
  "myshopify.com",
  // tunnels: a name for everyone who runs a command
  "ngrok.io eu.ngrok.io us.ngrok.io ap.ngrok.io au.ngrok.io sa.ngrok.io jp.ngrok.io in.ngrok.io ngrok.app",
  "ngrok.dev ngrok-free.app ngrok-free.dev trycloudflare.com loca.lt serveo.net *.devtunnels.ms tunnelmole.net",
  // dynamic DNS, and names that resolve to the address written in them: the tools of DNS rebinding
  "duckdns.org ddns.net dynv6.net nip.io sslip.io xip.io localtest.me lvh.me",
].flatMap((names) => names.split(" "));

const COUNTRY_REGISTRY = /^(?:com|co|org|or|net|ne|gov|go|gob|gouv|edu|ac|mil)\.[a-z]{2}$/;
/** `s3.eu-west-1.amazonaws.com`, `eu-west-1.elb.amazonaws.com`: nobody's own zone is so near the top of it. */
const AMAZON = /^(?:[^.]+\.){1,2}amazonaws\.com$/;

/** Nobody else can register below these (RFC 6761 §6, RFC 8375, ICANN's `internal`); `local` is anyone's on the link. */
const RESERVED = new Set(["localhost", "test", "example", "invalid", "internal", "home.arpa"]);

const listed = new Set(SHARED_SUFFIXES.map((suffix) => suffix.replace("*.", "")));
const withZones = new Set(SHARED_SUFFIXES.filter((suffix) => suffix.startsWith("*.")).map((s) => s.slice(2)));
/** Every name above a listed one: a wildcard over `amazonaws.com` covers `s3.amazonaws.com` too. */
const aboveListed = new Set([...listed].flatMap(ancestors));

/**
 * Why a wildcard over `host` (canonical, with or without a trailing dot) would admit strangers; null: it would not,
 * as far as this list knows, or, where one is given, `suffixes`.
 */
export function whyShared(
  host: string,
  suffixes: SuffixList | null = null,
): "single-label" | "shared-suffix" | null {
  // A trailing dot is another host in an origin, and the same zone in the DNS.
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  if (RESERVED.has(name)) return null;
  if (!name.includes(".")) return "single-label";
  // The names are asked for even beside a longer list: no public one has them all (`nip.io`, tunnels, the regions of
  // tomorrow). The rule for countries is a guess, for want of a list that knows: `gov.be` is somebody's own.
  const shared = listed.has(name) || aboveListed.has(name) || AMAZON.test(name) ||
    withZones.has(name.slice(name.indexOf(".") + 1)) ||
    (suffixes === null ? COUNTRY_REGISTRY.test(name) : isOnOrAbove(suffixes, name));
  return shared ? "shared-suffix" : null;
}

function ancestors(name: string): string[] {
  const labels = name.split(".");
  return labels.slice(1).map((_, index) => labels.slice(index + 1).join("."));
}
