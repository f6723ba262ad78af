/**
 * What `-h` says.
 */

const PROGRAM = "wsgate";

const LISTS = `Lists
  PATTERN...                 allowed origins: https://app.example.com
                             "*.example.com" subdomains · .example.com with them
                             "'self'" the Host's own, with --hosts
  -f, --file FILE            one a line or separated by commas, # for remarks;
                             or JSON: an array, or an object of policy options
  --env NAME                 the same, from an environment variable
  -                          the same, from standard input
  --hosts NAMES              the names the server answers to, with commas
  --dangerously-allow P      a pattern that is refused as unsafe; repeat it
  --absent WORD              deny, allow, allow-without-credentials
  --scheme SCHEME            of the site's pages, where a proxy ends TLS: https
  --debug                    let this machine's own names in as well
`;

const COMMON = `  --json                     for a program
  -h, --help                 this
`;

/** Help, by command; `""`: of the whole. */
export const HELP: Readonly<Record<string, string>> = {
  "": `Why was my WebSocket refused?

  ${PROGRAM} explain   judge one handshake, and say why
  ${PROGRAM} lint      what a list lets in that may not be meant
  ${PROGRAM} check     the same for CI: exit 1 where there is something
  ${PROGRAM} tree      draw a list by its names

${PROGRAM} COMMAND -h says more. To begin with:

  ${PROGRAM} explain --origin https://app.example.com:8443 https://app.example.com

Run it as   deno run -A jsr:@wsgate/wsgate/cli   or, from a checkout, as
deno run -A src/cli.ts   or   bun src/cli.ts
`,
  explain: `${PROGRAM} explain [options] PATTERN...

Judges a handshake by a list, as the server does, and says which entry let it
in; or what came near, and the entry that would. Exit 0: allowed. 1: refused.
2: the question or the list is wrong.

The handshake
  --origin ORIGIN            what the browser sends: scheme://host[:port] of the
                             page. Left out: no Origin header
  --host HOST                what the Host header says; matters with --hosts
                             and 'self'
  --url URL                  what the server sees as request.url
  -H, --header "NAME: VALUE" any header; repeat it
  --handshake FILE           a copied one, - for standard input: the request
                             headers of the browser's network panel, its "copy
                             as cURL", or the output of curl -v

${LISTS}${COMMON}
Examples
  ${PROGRAM} explain --origin https://app.example.com:8443 https://app.example.com
  curl -sv -m 2 -H 'Origin: https://app.example.com' wss://example.com/ws 2>&1 |
    ${PROGRAM} explain --handshake - --env ALLOWED_ORIGINS
`,
  lint: `${PROGRAM} lint [options] PATTERN...

Says what compiles and is perhaps not meant: entries that another one covers,
entries that let in more than they seem to, entries that let in nobody.
Exit 0, whatever it finds. 2: the list is wrong.

${LISTS}${COMMON}`,
  check: `${PROGRAM} check [options] PATTERN...

lint for CI. Exit 0: nothing is found. 1: something is. 2: the list is wrong.

What is expected
  --ignore CODES             findings to leave out, with commas: cleartext,...
  --allows ORIGIN            the list has to let this origin in; repeat it
  --refuses ORIGIN           and has to keep this one out; repeat it
  --host HOST                the Host they ask for; needed with --hosts

${LISTS}${COMMON}
Example
  ${PROGRAM} check --env ALLOWED_ORIGINS --ignore any-port \\
    --allows https://app.example.com --refuses https://app.example.com.evil.test
`,
  tree: `${PROGRAM} tree [options] PATTERN...

Draws a list as the matcher sees it: names from right to left, and at each end
the schemes, the ports and the entry.

${LISTS}${COMMON}`,
};
