/**
 * What `-h` says.
 */

/** The version of the package, as `deno.json` has it. */
export const VERSION = "0.1.0";

const PROGRAM = "wsgate";

const LISTS = `Lists
  PATTERN...                 allowed origins: https://app.example.com
                             "*.example.com" subdomains · .example.com with them
                             "'self'" the Host's own, with --hosts
  -f, --file FILE            one a line or separated by commas, # for comments;
                             or JSON: an array, or an object of policy options
  --env NAME                 the same, from an environment variable
  -                          the same, from standard input
  --hosts NAMES              the names the server answers to, with commas
  --allowed-hosts NAMES      one list for Host and Origin, in place of patterns
                             and --hosts: as allowedHostsOriginValidator
  --dangerously-allow P      a pattern that is refused as unsafe; repeat it
  --absent WORD              deny, allow, allow-without-credentials
  --scheme SCHEME            of the site's pages, where a proxy ends TLS: https
  --debug                    also allow pages of this machine
  --public-suffixes          refuse wildcards by the whole Public Suffix List
`;

const COMMON = `  --json                     for a program
  -h, --help                 print this help
`;

/** Help, by command; `""`: of the whole. */
export const HELP: Readonly<Record<string, string>> = {
  "": `Why was my WebSocket refused?

  ${PROGRAM} explain   judge one handshake, and say why
  ${PROGRAM} lint      report what is dangerous in a list, or may be a mistake
  ${PROGRAM} check     the same for CI: exit 1 for a danger
  ${PROGRAM} tree      draw a list by its names
  ${PROGRAM} probe     attack a running server, and say what gets in

${PROGRAM} COMMAND -h says more, ${PROGRAM} --version which one this is. To begin with:

  ${PROGRAM} explain --origin https://app.example.com:8443 https://app.example.com

Run it as

  deno run --allow-read --allow-env jsr:@wsgate/wsgate/cli

or, from a checkout, with src/cli.ts in its place, or as   bun src/cli.ts
`,
  explain: `${PROGRAM} explain [options] PATTERN...

Judges a handshake by a list, as the server does, and says which entry allows
it; or the cause of the refusal, and the entry that would. A copied handshake is
checked from Upgrade to key, and the answer that came with it is read.
Exit 0: allowed. 1: refused, or allowed under one scheme of the site's pages
only (give --scheme). 2: the question or the list is wrong.

The handshake
  --origin ORIGIN            what the browser sends: scheme://host[:port] of the
                             page. Left out: no Origin header
  --host HOST                what the Host header says; matters with --hosts
                             and 'self'
  --url URL                  what the server sees as request.url
  -H, --header "NAME: VALUE" any header; repeat it
  --handshake FILE           a copied one, - for standard input: the headers of
                             the browser's network panel, its "copy as cURL" or
                             HAR, the output of curl -v, console.log of a
                             Request or its headers, JSON, or the console line
                             of a guard

${LISTS}${COMMON}
Examples
  ${PROGRAM} explain --origin https://app.example.com:8443 https://app.example.com
  curl -sv -m 2 -H 'Origin: https://app.example.com' wss://example.com/ws 2>&1 |
    ${PROGRAM} explain --handshake - --env ALLOWED_ORIGINS
`,
  lint: `${PROGRAM} lint [options] PATTERN...

Reports dangers: debug, absent "allow", apps, this machine, shared names; and
notes: entries that another one covers, or that allow more than they seem to.
Exit 0, whatever it finds. 2: the list is wrong.

${LISTS}${COMMON}`,
  check: `${PROGRAM} check [options] PATTERN...

lint for CI. Exit 0: no danger. 1: a danger, or an origin that is not judged as
expected. 2: the list is wrong.

What is expected
  --ignore CODES             findings to ignore, with commas: cleartext,...
  --strict                   exit 1 for notes too
  --allows ORIGIN            the list has to allow this origin; repeat it
  --refuses ORIGIN           and has to refuse this one; repeat it
  --host HOST                the Host they ask for; needed with a list of hosts

${LISTS}${COMMON}
Example
  ${PROGRAM} check --env ALLOWED_ORIGINS --ignore any-port \\
    --allows https://app.example.com --refuses https://app.example.com.evil.test
`,
  tree: `${PROGRAM} tree [options] PATTERN...

Draws a list as the matcher sees it: names from right to left, and at each end
the schemes, the ports and the entry.

${LISTS}${COMMON}`,
  probe: `${PROGRAM} probe [options] URL --site ORIGIN

Sends some 70 attacks to a running server, written in anything, as real
WebSocket handshakes, and says which of them got in, whether the site's own page
still does, and what the others see. An attack is what somebody can make the
browser of a victim send; what a program alone can send is listed, and does not
count. A close within --wait is a refusal, unless its code is 1000 or 1001.

Only handshakes and close frames are sent, on 8 connections at a time, each for
5 seconds and --wait at most. On Deno it needs --allow-net.
Exit 0: the site withstands. 1: an attack got in or is undecided, or an own page
was refused. 2: no WebSocket there, or wrong usage.

  URL                        of the socket: ws://localhost:8000/chat
  --site ORIGIN              of the site's own pages: https://app.example.com;
                             repeat it
  --host HOST                what the Host header says: the name that browsers
                             ask for, where it is not that in the URL
  -H, --header "NAME: VALUE" for every handshake: a log-in, a subprotocol;
                             repeat it
  --trusts PATTERN           pages that may get in on purpose, as a pattern:
                             https://.example.com; repeat it
  --absent WORD              what the server does without Origin on purpose:
                             deny, allow, allow-without-credentials
  --wait MS                  how long a close is waited for, up to 10000.
                             Default 400
  --other-host               the server may be on another machine than this one
  --may-end-it               send last what ends a bare Deno server
  --json                     for a program
  -h, --help                 print this help

Example
  ${PROGRAM} probe ws://localhost:8000/chat --host ws.example.com \\
    --site https://app.example.com
`,
};
