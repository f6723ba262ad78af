// The names below which strangers can register. The list is written out here once more: a name that gets lost in an
// edit would open a hole that nobody sees.

import { describe, test } from "node:test";
import { assertEquals, assertGreater } from "@std/assert";
import { compileOrigins } from "@wsgate/wsgate";
import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";
import { whyShared } from "../../src/pattern/suffixes.ts";

const LISTED = `
  me.uk ltd.uk plc.uk id.au uk.com us.com eu.com de.com eu.org com.de co.com
  github.io gitlab.io githubpreview.dev app.github.dev pages.dev workers.dev vercel.app netlify.app deno.dev deno.net
  fly.dev onrender.com herokuapp.com up.railway.app web.app firebaseapp.com run.app appspot.com r.appspot.com
  azurewebsites.net azurestaticapps.net cloudapp.azure.com s3.amazonaws.com compute.amazonaws.com
  compute-1.amazonaws.com elb.amazonaws.com cloudfront.net
  surge.sh glitch.me replit.app replit.dev repl.co stackblitz.io webcontainer.io lovable.app blogspot.com
  wordpress.com myshopify.com supabase.co convex.cloud convex.site ondigitalocean.app amplifyapp.com awsapprunner.com
  elasticbeanstalk.com azureedge.net azurefd.net trafficmanager.net cloudapp.net azure-api.net core.windows.net
  azurecontainer.io azurecontainerapps.io cloudfunctions.net hosted.app koyeb.app zeabur.app code.run now.sh webflow.io
  framer.app framer.website wixsite.com wixstudio.com bubbleapps.io notion.site
  hf.space streamlit.app gradio.live shinyapps.io modal.run csb.app gitpod.io expo.app v0.build vusercontent.net
  lovableproject.com bolt.host base44.app preview.emergentagent.com
  ts.net c.ts.net lhr.life lhr.rocks serveousercontent.com share.zrok.io a.pinggy.link a.free.pinggy.link localto.net
  exp.direct loophole.site ngrok.pro ngrok.pizza
  ngrok.io ngrok.app ngrok.dev ngrok-free.app ngrok-free.dev trycloudflare.com loca.lt serveo.net devtunnels.ms
  tunnelmole.net eu.ngrok.io us.ngrok.io ap.ngrok.io au.ngrok.io sa.ngrok.io jp.ngrok.io in.ngrok.io
  duckdns.org ddns.net dynv6.net hopto.org zapto.org sytes.net no-ip.org mooo.com synology.me myds.me dscloud.me
  direct.quickconnect.to myqnapcloud.com myfritz.net ui.nabu.casa
  nip.io sslip.io xip.io traefik.me localtest.me lvh.me
`.trim().split(/\s+/);

/** The names one label down are the provider's too: regions, zones, numbered clusters. */
const WITH_ZONES = [
  "a.run.app",
  "ew.r.appspot.com",
  "scm.azurewebsites.net",
  "2.azurestaticapps.net",
  "westeurope.cloudapp.azure.com",
  "dualstack.s3.amazonaws.com",
  "s3.eu-west-1.amazonaws.com",
  "eu-west-1.compute.amazonaws.com",
  "eu-west-1.elb.amazonaws.com",
  "execute-api.eu-west-1.amazonaws.com",
  "janeway.replit.dev",
  "euw.devtunnels.ms",
  "us-east-1.awsapprunner.com",
  "us-east-1.elasticbeanstalk.com",
  "web.core.windows.net",
  "westeurope.azurecontainer.io",
  "westeurope.azurecontainerapps.io",
  "us-central1.hosted.app",
  "p1.code.run",
  "ws-eu.gitpod.io",
  "any.c.ts.net",
  "any.localto.net",
];

/** Registries that nearly every country has. */
const REGISTRIES = `
  co.uk org.uk ac.uk gov.uk com.au net.au org.au edu.au co.jp ne.jp or.jp go.jp ac.jp co.nz co.za co.in co.kr or.kr
  com.br com.cn com.mx gob.mx com.tr com.ar com.sg com.hk com.tw gouv.fr mil.br
`.trim().split(/\s+/);

/** A wildcard over one of these covers a listed name. */
const ABOVE = [
  "amazonaws.com",
  "azure.com",
  "github.dev",
  "railway.app",
  "windows.net",
  "emergentagent.com",
  "zrok.io",
  "pinggy.link",
  "free.pinggy.link",
  "quickconnect.to",
  "nabu.casa",
];

const SHARED = [...LISTED, ...ABOVE, ...WITH_ZONES, ...REGISTRIES];

const RESERVED = ["localhost", "test", "example", "invalid", "internal", "home.arpa"];

const SINGLE = [
  "com",
  "io",
  "dev",
  "app",
  "uk",
  "arpa",
  "local",
  "onion",
  "alt",
  "lan",
  "home",
  "corp",
  "xn--p1ai",
];

const OWN = [
  "example.com",
  "example.co.uk",
  "example.me.uk",
  "example.github.io",
  "sub.localhost",
  "a.test",
  "printer.local",
  "example.onion",
  "sub.home.arpa",
  // one label further down than what is the provider's
  "example.a.run.app",
  "bucket.s3.eu-west-1.amazonaws.com",
  "balancer.eu-west-1.elb.amazonaws.com",
  "vm.westeurope.cloudapp.azure.com",
  // beside a listed name, not below or above it
  "notgithub.io",
  "github.iox",
  "ithub.io",
  "github.io.example.com",
  "vercel.com",
  "uk.co",
  "arpa.home",
  "s3.amazonaws.com.evil.test",
  "xamazonaws.com",
  "amazonaws.org",
  "a.github.io",
  "a.vercel.app",
  "tail1234.ts.net",
  "me-app.hf.space",
  "project.supabase.co",
  "account.blob.core.windows.net",
  // like a country's registry, and none
  "com.example",
  "co.ukx",
  "xco.uk",
  "co.u1",
  "www.co",
  "shop.co.uk.com",
];

describe("whyShared", () => {
  test("knows the listed names, those above them, and zones below some", () => {
    assertGreater(LISTED.length, 60);
    for (const name of [...LISTED, ...ABOVE, ...WITH_ZONES]) {
      assertEquals(whyShared(name), "shared-suffix", name);
    }
  });

  test("knows the registries of countries", () => {
    for (const name of REGISTRIES) assertEquals(whyShared(name), "shared-suffix", name);
  });

  test("takes a single label for a top-level domain", () => {
    for (const name of SINGLE) assertEquals(whyShared(name), "single-label", name);
  });

  test("excuses the names that nobody else can register below, and no others", () => {
    for (const name of RESERVED) assertEquals(whyShared(name), null, name);
    for (const name of RESERVED) assertEquals(whyShared(`x${name}`) !== null, !name.includes("."), name);
  });

  test("lets an operator's own names be", () => {
    for (const name of OWN) assertEquals(whyShared(name), null, name);
  });

  test("a trailing dot excuses nothing, and takes no excuse away", () => {
    for (const name of [...SHARED, ...SINGLE, ...RESERVED, ...OWN]) {
      assertEquals(whyShared(`${name}.`), whyShared(name), name);
    }
  });

  test("with the whole list refuses the same and more", () => {
    for (
      const name of [...SHARED, "any.amazonaws.com", "s3.any.amazonaws.com", "gov.be", "co.de", "com.zz"]
    ) {
      assertEquals(
        [whyShared(name), whyShared(name, publicSuffixes)],
        ["shared-suffix", "shared-suffix"],
        name,
      );
    }
    for (const name of ["readthedocs.io", "kyoto.jp", "any.ck"]) {
      assertEquals([whyShared(name), whyShared(name, publicSuffixes)], [null, "shared-suffix"], name);
    }
    for (const name of SINGLE) assertEquals(whyShared(name, publicSuffixes), "single-label", name);
    for (const name of [...RESERVED, ...OWN]) assertEquals(whyShared(name, publicSuffixes), null, name);
  });

  test("takes an operator's word before all else, for what is reserved too", () => {
    const suffixes = publicSuffixes.with(["corp.internal", "test", "lab.home.arpa", "example.com"]);
    for (const name of ["corp.internal", "internal", "test", "home.arpa", "arpa", "example.com", "com"]) {
      assertEquals(whyShared(name, suffixes), "shared-suffix", name);
      assertEquals(whyShared(`${name}.`, suffixes), "shared-suffix", name);
    }
    for (
      const name of ["a.corp.internal", "hq.internal", "example", "localhost", "a.test", "a.example.com"]
    ) {
      assertEquals(whyShared(name, suffixes), null, name);
    }
  });

  test("is asked of every wildcard, and of nothing else", () => {
    const unsafe = [...SHARED, ...SINGLE];
    const wildcards = (
      name: string,
    ) => [`.${name}`, `*.${name}`, `https://*.${name}`, `.${name}:443`, `*.${name}.`];
    for (const name of [...unsafe, ...RESERVED, ...OWN]) {
      let refused = 0;
      for (const pattern of wildcards(name)) {
        try {
          compileOrigins([pattern]);
        } catch {
          refused++;
        }
      }
      assertEquals(refused, unsafe.includes(name) ? wildcards(name).length : 0, name);
      // The host itself is one host, whoever it belongs to.
      compileOrigins([name, `https://${name}`]);
    }
  });
});
