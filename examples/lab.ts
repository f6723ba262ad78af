/**
 * See the attack, see the defence: a good site, an attacker's site, and a browser in between.
 *
 *     deno task lab
 *     bun run examples/lab.ts
 *     deno task lab 8000          on ports 8000 and 8001; 0: on any that are free
 *
 * Then open the two addresses that it prints. Everything stays on this machine.
 *
 * @module
 */

import process from "node:process";
import { attackerSite } from "./lab/attacker.ts";
import { type Application, listen } from "./lab/listen.ts";
import { site } from "./lab/site.ts";
import { Store } from "./lab/store.ts";

// Each site's page names the other's port, so both are known before either is asked for anything.
const applications: { site?: Application; attacker?: Application } = {};
const wanted = Number(process.argv[2] ?? 4400);
if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65534) {
  console.error(`The lab's first port is a number from 0 to 65534, not ${JSON.stringify(process.argv[2])}`);
  process.exit(2);
}
const ports = {
  site: listen(wanted, (request, context) => applications.site!(request, context)),
  attacker: listen(
    wanted === 0 ? 0 : wanted + 1,
    (request, context) => applications.attacker!(request, context),
  ),
};
const store = new Store(ports);
applications.site = site(store);
applications.attacker = attackerSite(store);

const runtime = typeof Deno === "undefined" ? `Bun ${process.versions.bun}` : `Deno ${Deno.version.deno}`;
const colors = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code: number, text: string) => colors ? `\x1b[${code}m${text}\x1b[0m` : text;
console.log(`
  ${paint(1, "The wsgate lab")} on ${runtime}

  ${paint(32, "1  the good site    ")} http://localhost:${ports.site}/   log in, write a private note
  ${
  paint(31, "2  the attacker     ")
} http://localhost:${ports.attacker}/   open it in the same browser, and see what it got
  
  The note is served by two sockets, ws://localhost:${ports.site}/bare and …/guarded.
  Nothing leaves this machine. Ctrl+C ends it.
`);
