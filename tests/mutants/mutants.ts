/**
 * Small faults that somebody may make one day, by the file that they are put into, and the tests that have to see them.
 *
 * A text that is replaced has to stand in its file exactly once. Who changes it there changes it here.
 *
 * @module
 */

import type { Mutant } from "./mutate.ts";

/** Faults of one file that the same tests see. */
interface Group extends Pick<Mutant, "file" | "tests"> {
  /** Left out: Deno. */
  readonly runtime?: Mutant["runtime"];
  readonly faults: readonly Pick<Mutant, "fault" | "from" | "to">[];
}

const GROUPS: readonly Group[] = [
  // ---- what an attacker wrote
  {
    file: "src/origin/origin.ts",
    tests: ["tests/origin/origin_test.ts"],
    faults: [
      {
        fault: "a scheme in upper case is canonical",
        from: "const isLetter = char >= 0x61 && char <= 0x7a;",
        to: "const isLetter = (char | 0x20) >= 0x61 && (char | 0x20) <= 0x7a;",
      },
      {
        fault: "a scheme may begin with a digit",
        from: "if (!isLetter && (end === 0 || !isOther)) break;",
        to: "if (!isLetter && !isOther) break;",
      },
      {
        fault: "an origin without a port has none",
        from: "port: portAfter(value, end) || defaultPort(scheme),",
        to: "port: portAfter(value, end),",
      },
      {
        fault: "one slash after the scheme is enough",
        from: "text.charCodeAt(end + 2) === SLASH;",
        to: "text.charCodeAt(end + 2) > 0;",
      },
      {
        fault: "a scheme may be a character too long",
        from: "end <= MAX_SCHEME_LENGTH && text.length",
        to: "end <= MAX_SCHEME_LENGTH + 1 && text.length",
      },
      { fault: "null is a malformed origin", from: `if (value === "null") return "null";`, to: "" },
    ],
  },
  {
    file: "src/origin/authority.ts",
    tests: ["tests/origin/authority_test.ts"],
    faults: [
      {
        fault: "the default port of wss is wrong",
        from: `return scheme === "https" || scheme === "wss" ? 443`,
        to: `return scheme === "https" ? 443`,
      },
      {
        fault: "the default port of http is wrong",
        from: `scheme === "http" || scheme === "ws" ? 80 : 0;`,
        to: `scheme === "http" || scheme === "ws" ? 8080 : 0;`,
      },
      {
        fault: "65536 is a port",
        from: "return port <= 65535 ? port : -1;",
        to: "return port <= 65536 ? port : -1;",
      },
      {
        fault: "a port may have a leading zero",
        from: " || text.charCodeAt(end + 1) === ZERO) return -1;",
        to: ") return -1;",
      },
      {
        fault: "the last label may be a character too long",
        from: "return end > labelStart && end - labelStart <= MAX_LABEL_LENGTH;",
        to: "return end > labelStart && end - labelStart <= MAX_LABEL_LENGTH + 1;",
      },
      {
        fault: "a label may be a character too long",
        from: "i - labelStart > MAX_LABEL_LENGTH) return false;",
        to: "i - labelStart > MAX_LABEL_LENGTH + 1) return false;",
      },
      {
        fault: "a label may be empty",
        from: "if (i === labelStart || i - labelStart",
        to: "if (i - labelStart",
      },
      {
        fault: "a name may be a character too long",
        from: "export const MAX_HOST_LENGTH = 255;",
        to: "export const MAX_HOST_LENGTH = 256;",
      },
      {
        fault: "an address may end in a dot",
        from: "(nameEnd === end && isIPv4(text, start, end))",
        to: "isIPv4(text, start, nameEnd)",
      },
      { fault: "an octet may be 256", from: "if (octet > 255 ||", to: "if (octet > 256 ||" },
      {
        fault: "an octet may have a leading zero",
        from: " || (digits > 1 && text.charCodeAt(octetStart) === ZERO)) return false;",
        to: ") return false;",
      },
      {
        fault: "a name may end in a hexadecimal number",
        from: "const isHex = text.charCodeAt(start) === ZERO && ",
        to: "const isHex = text.charCodeAt(start) === DOT && ",
      },
      {
        fault: "a piece of IPv6 may have five digits",
        from: "if (digits === 0 || digits > 4 || (leadingZero",
        to: "if (digits === 0 || digits > 5 || (leadingZero",
      },
      {
        fault: ":: may stand for one piece of IPv6",
        from: "if (gap < 0 ? omitted !== 0 : omitted < 2) return false;",
        to: "if (gap < 0 ? omitted !== 0 : omitted < 1) return false;",
      },
      {
        fault: ":: may stand for the second of two runs of zeros",
        from: "longest === omitted && longestEnd === gap + omitted;",
        to: "longest === omitted;",
      },
      {
        fault: "two zero pieces may be written out",
        from: "return gap < 0 ? longest < 2 :",
        to: "return gap < 0 ? longest < 3 :",
      },
      {
        fault: "lower case makes an ASCII letter of the Kelvin sign",
        from: "return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());",
        to: "return text.toLowerCase();",
      },
    ],
  },
  {
    file: "src/origin/inner.ts",
    tests: ["tests/origin/inner_test.ts"],
    faults: [
      {
        fault: "any name that ends like localhost is this machine",
        from: `host.endsWith(".localhost")`,
        to: `host.endsWith("localhost")`,
      },
      {
        fault: "a name that begins like an address of this machine is it",
        from: String.raw`/^127\.\d+\.\d+\.\d+$/.test(host)`,
        to: String.raw`/^127\./.test(host)`,
      },
      {
        fault: "172.32 is a private network",
        from: "172\\.(?:1[6-9]|2\\d|3[01])",
        to: "172\\.(?:1[6-9]|[23]\\d)",
      },
    ],
  },
  {
    file: "src/origin/shown.ts",
    tests: ["tests/origin/shown_test.ts"],
    faults: [
      {
        fault: "a user and his password are shown",
        from: `value.includes("@")`,
        to: `value.startsWith("@")`,
      },
      { fault: "what comes after a # is shown", from: "search(/[?#]/)", to: "search(/[?]/)" },
    ],
  },

  // ---- the ground
  {
    file: "src/handshake.ts",
    tests: ["tests/explain/evidence_test.ts"],
    faults: [
      {
        fault: "a proxy that says its own name alone is none",
        from: `  ...["x-real-ip", "forwarded", "via"],\n`,
        to: `  ...["x-real-ip", "forwarded"],\n`,
      },
    ],
  },
  {
    file: "src/handshake.ts",
    tests: ["tests/handshake_test.ts"],
    faults: [
      {
        fault: "CONNECT is let through",
        from: `if (handshake.method === "CONNECT") return "connect";`,
        to: "",
      },
      {
        fault: "the word websocket among others opens one",
        from: `return value.length === "websocket".length ? "websocket" : "malformed";`,
        to: `return "websocket";`,
      },
      {
        fault: "Upgrade: WebSocket is no handshake",
        from: "const WEBSOCKET = /websocket/i;",
        to: "const WEBSOCKET = /websocket/;",
      },
      {
        fault: "the word upgrade within another is an option of Connection",
        from: String.raw`const UPGRADE_OPTION = /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i;`,
        to: "const UPGRADE_OPTION = /upgrade/i;",
      },
      {
        fault: "a malformed Connection has no upgrade",
        from: `return /upgrade/i.test(value) ? "malformed" : "none";`,
        to: `return "none";`,
      },
      {
        fault: "POST is upgraded",
        from: `if (method !== "GET") return denials["method-not-allowed"];`,
        to: "",
      },
      {
        fault: "any version is spoken",
        from: `if (headers.get("sec-websocket-version") !== "13")`,
        to: `if (headers.get("sec-websocket-version") === null)`,
      },
      {
        fault: "a key may have more than sixteen bytes",
        from: "const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;",
        to: "const KEY = /^[A-Za-z0-9+/]{22}==$/;",
      },
      {
        fault: "a handshake needs no Host",
        from: `if (host === null) return denials["host-absent"];\n    if (parseHost(host) === null)`,
        to: `if (host !== null && parseHost(host) === null)`,
      },
      { fault: "a query belongs to the path", from: `.split("?", 1)[0]!;`, to: ";" },
      {
        fault: "the client's order of subprotocols counts",
        from: `return protocols.find((name) => offered.has(name)) ?? "";`,
        to: `return [...offered].find((name) => protocols.includes(name)) ?? "";`,
      },
      {
        fault: "an offered subprotocol is echoed",
        from: `return protocols.find((name) => offered.has(name)) ?? "";`,
        to: `return [...offered][0] ?? "";`,
      },
      {
        fault: "more is white space than spaces and tabs",
        from: "return text.slice(start, end);",
        to: "return text.slice(start, end).trim();",
      },
      {
        fault: "what is no path is one",
        from: `if (afterAuthority === 0 && !path.startsWith("/")) return null;`,
        to: "",
      },
    ],
  },
  {
    file: "src/handshake.ts",
    tests: ["tests/verdict/check_test.ts"],
    faults: [
      {
        fault: "Authorization is no credential",
        from: `(headers.get("cookie") ?? headers.get("authorization") ?? null)`,
        to: `(headers.get("cookie") ?? null)`,
      },
    ],
  },
  {
    file: "src/config.ts",
    tests: ["tests/config_test.ts"],
    faults: [
      { fault: "a limit of 0 passes", from: "value >= least && value <= most", to: "value <= most" },
      { fault: "a broken number is whole", from: "!whole || Number.isInteger(value)", to: "true" },
      {
        fault: "what is left out is the least there is",
        from: "const { [field]: value = usual } = options;",
        to: "const { [field]: value = least } = options;",
      },
      {
        fault: "an unknown option passes",
        from: "if (known.includes(name)) continue;",
        to: "if (known.length > 0) continue;",
      },
      {
        fault: "one fault of many is told",
        from: "if (issues.length > 0) throw new ConfigError(issues);",
        to: "if (issues.length > 0) throw new ConfigError(issues.slice(0, 1));",
      },
      {
        fault: "a misspelt choice passes",
        from: "if (value === undefined || choices.includes(value as T))",
        to: "if (value === undefined || choices.length > 0)",
      },
      {
        fault: "an option is inherited from a polluted prototype",
        from: "Object.assign(Object.create(null), options);",
        to: "Object.assign({}, options);",
      },
      {
        fault: "the faults of an error can be changed",
        from: "Object.freeze(issues.map((issue) => Object.freeze({ ...issue })));",
        to: "issues.map((issue) => ({ ...issue }));",
      },
    ],
  },
  {
    file: "src/denial.ts",
    tests: ["tests/denial_test.ts"],
    faults: [
      {
        fault: "a denial can be turned into an admission",
        from: "Object.freeze({ allowed: false, status, reason }),",
        to: "{ allowed: false, status, reason },",
      },
      { fault: "a refusal may be kept by a cache", from: `"cache-control": "no-store",`, to: "" },
      {
        fault: "the client is told the reason",
        from: "return new Response(text, parts);",
        to: "return new Response(text + denied.reason, parts);",
      },
      { fault: "426 does not say to what to upgrade", from: `426: { upgrade: "websocket", `, to: "426: { " },
      {
        fault: "a refused origin gets 404",
        from: `"origin-not-allowed": 403,`,
        to: `"origin-not-allowed": 404,`,
      },
    ],
  },
  {
    file: "src/quote.ts",
    tests: ["tests/quote_test.ts"],
    faults: [
      {
        fault: "control characters get into a log",
        from: String.raw`/[^\x20-\x7e]/g`,
        to: String.raw`/[^\x20-\x9f]/g`,
      },
      {
        fault: "what is quoted has any length",
        from: `return text.length <= max ? text : text.slice(0, max - 3) + "...";`,
        to: "return text;",
      },
    ],
  },
  {
    file: "src/spelling.ts",
    tests: ["tests/spelling_test.ts"],
    faults: [
      {
        fault: "two edits are a slip in a short word too",
        from: "name.length < LONG ? 1 : 2",
        to: "2",
      },
      {
        fault: "two letters that were swapped are two edits",
        from: "least = Math.min(least, beforeLast[j - 2]! + 1);",
        to: "least = Math.min(least, beforeLast[j - 2]! + 2);",
      },
    ],
  },
  {
    file: "src/scope.ts",
    tests: ["tests/scope_test.ts"],
    faults: [
      {
        fault: "a mark is kept after its guard",
        from: "return whileRunning(handler, () => void mark.running--);",
        to: "return whileRunning(handler, () => {});",
      },
      {
        fault: "a mark is kept after a handler that threw",
        from: "done();\n    throw error;",
        to: "throw error;",
      },
      {
        fault: "a mark is taken away before its handler is done",
        from: "if (result instanceof Promise) result.then(done, done);\n  else done();",
        to: "done();",
      },
      {
        fault: "a mark is kept after a handler that rejected",
        from: "result.then(done, done);",
        to: "result.then(done, () => {});",
      },
    ],
  },
  {
    file: "src/settle.ts",
    tests: ["tests/settle_test.ts"],
    faults: [
      {
        fault: "a used response is sent again",
        from: "if (response instanceof Response && !response.bodyUsed) return response;",
        to: "if (response instanceof Response) return response;",
      },
      {
        fault: "a rejection of onDecision is nobody's",
        from: "catchRejection(hear(eventOf({ ...decision, layer, name }, keeps)), hookFailed);",
        to: "hear(eventOf({ ...decision, layer, name }, keeps));",
      },
      { fault: "a gate that answered at once answers again", from: "      markAnswered(request);\n", to: "" },
      {
        fault: "nobody is told of a refusal",
        from: "      say(denied, request, context, details);\n",
        to: "",
      },
    ],
  },
  {
    file: "src/user_code.ts",
    tests: ["tests/user_code_test.ts"],
    faults: [
      { fault: "a failure is reported each time", from: "    reported = true;\n", to: "" },
    ],
  },
  {
    file: "src/turn.ts",
    tests: ["tests/turn_test.ts"],
    faults: [
      {
        fault: "a client that left is taken to be there",
        from: "  if (signal.aborted) return false;\n",
        to: "",
      },
      {
        fault: "a client that was seen once stays for good",
        from: "return seen.get(request) === round;",
        to: "return seen.has(request);",
      },
      {
        fault: "all clients go on in one round",
        from: "const CLIENTS_FOR_EACH = 100;",
        to: "const CLIENTS_FOR_EACH = 1;",
      },
      {
        fault: "a client is asked about before the event loop has heard of it",
        from: "const ROUNDS = 2;",
        to: "const ROUNDS = 1;",
      },
    ],
  },

  // ---- the verdict
  {
    file: "src/verdict/check.ts",
    tests: ["tests/verdict/check_test.ts"],
    faults: [
      {
        fault: "null is taken for absent",
        from: "  if (origin === null) {\n",
        to: `  if (origin === null || origin === "null") {\n`,
      },
      {
        fault: "the last Origin wins",
        from: `const origin = handshake.headers.get("origin") ?? null;`,
        to: `const origin = handshake.headers.get("origin")?.split(", ").at(-1) ?? null;`,
      },
      {
        fault: "the first Origin wins",
        from: `const origin = handshake.headers.get("origin") ?? null;`,
        to: `const origin = handshake.headers.get("origin")?.split(", ")[0] ?? null;`,
      },
      {
        fault: "an empty Origin is taken for absent",
        from: `const origin = handshake.headers.get("origin") ?? null;`,
        to: `const origin = handshake.headers.get("origin") || null;`,
      },
      {
        fault: "Host comes from request.url",
        from: `const host = handshake.headers.get("host") ?? null;`,
        to: "const host = /^[a-z]+:\\/\\/([^/?#]*)/.exec(handshake.url)?.[1] ?? null;",
      },
      {
        fault: "Host comes from X-Forwarded-Host",
        from: `const host = handshake.headers.get("host") ?? null;`,
        to:
          `const host = handshake.headers.get("x-forwarded-host") ?? handshake.headers.get("host") ?? null;`,
      },
      {
        fault: "Host and URL may name two authorities",
        from: `  if (!namesHost(url, host)) return "host-mismatch";\n`,
        to: "",
      },
      {
        fault: "a URL may go on after the name of the Host",
        from: ` && "/?#".includes(url.charAt(plain + host.length))) {`,
        to: ") {",
      },
      {
        fault: "any host is on the list",
        from: `=== NONE ? "host-not-allowed" : null;`,
        to: `=== NONE ? null : null;`,
      },
      {
        fault: "'self' has any port",
        from: "return (portAfter(origin, originEnd) || ownPort) === (portAfter(host, end) || ownPort);",
        to: "return ownPort > 0;",
      },
      {
        fault: "'self' is every host that begins as the own one does",
        from: "  if (originEnd - start !== end) return false;\n",
        to: "",
      },
      {
        fault: "'self' has any scheme",
        from: " || !origin.startsWith(scheme)) return false;",
        to: ") return false;",
      },
      {
        fault: "the option scheme is not looked at",
        from: "  if (policy.scheme !== undefined) return policy.scheme;\n",
        to: "",
      },
      {
        fault: "a URL of any scheme may name the Host",
        from: "  if (!HTTP_SCHEMES.includes(scheme)) return false;\n",
        to: "",
      },
      {
        fault: "a Host may have any port where the URL has none",
        from: "(hostEnd(host, 0) === host.length && named === host + suffix);",
        to: "named.startsWith(host);",
      },
    ],
  },
  {
    file: "src/verdict/policy.ts",
    tests: ["tests/verdict/policy_test.ts"],
    faults: [
      {
        fault: "a handshake without Origin is let in if nothing is said",
        from: `absent ?? (origins[0]!.entries.includes("*") ? "allow" : "deny")`,
        to: `absent ?? "allow"`,
      },
      {
        fault: "'self' is judged without a list of hosts",
        from: "if (self !== undefined && hosts.length === 0) {",
        to: "if (self !== undefined && hosts.length < 0) {",
      },
      {
        fault: "the names of this machine are let in without debug",
        from: "debug ? withLocal(read) : read;",
        to: "withLocal(read);",
      },
      {
        fault: "an operator's own list is kept",
        from: "return Array.isArray(list) ? [...list] : [];",
        to: "return Array.isArray(list) ? list : [];",
      },
      {
        fault: "what looks like a policy is one",
        from: "return policies.has(value as Policy);",
        to: "return value instanceof Policy;",
      },
      {
        fault: "a host on allowedHosts has any scheme",
        from: `{ ...rule, scheme: "http" }`,
        to: "{ ...rule, scheme: null }",
      },
      {
        fault: "a policy can be changed",
        from: "Object.freeze(Object.assign(Object.create(Policy.prototype), fields));",
        to: "Object.assign(Object.create(Policy.prototype), fields);",
      },
      {
        fault: "hosts that are not set mean any",
        from: `"hosts" in options ? readHosts`,
        to: "options.hosts !== undefined ? readHosts",
      },
    ],
  },

  // ---- which rule admits an origin
  {
    file: "src/matcher/trie.ts",
    tests: ["tests/matcher/matcher_test.ts"],
    faults: [
      {
        fault: "a rule ends within a label",
        from: "const reach = before === DOT ? BELOW : before === SLASH ? ITSELF : 0;",
        to: "const reach = before === SLASH ? ITSELF : BELOW;",
      },
      {
        fault: "what is below a wildcard may be malformed",
        from: "leftIsValid = end - start <= MAX_HOST_LENGTH && areLabels(text, start, covered - 1);",
        to: "leftIsValid = end - start <= MAX_HOST_LENGTH;",
      },
      {
        fault: "a host below a wildcard has any length",
        from: "leftIsValid = end - start <= MAX_HOST_LENGTH && areLabels(",
        to: "leftIsValid = areLabels(",
      },
      {
        fault: "a host may stand behind a slash",
        from: "if (reach === ITSELF && covered !== start) return NONE;",
        to: "",
      },
      { fault: "the last entry that admits is named", from: "if (place >= least) continue;", to: "" },
      {
        fault: "letters that share a slot are the same",
        from: "if (letters[slot] !== char) return NOTHING;",
        to: "",
      },
      {
        fault: "the last letters of a rule are not compared",
        from: "if (buckets[at] !== text.charCodeAt(--unread)) return false;",
        to: "--unread;",
      },
      {
        fault: "a port that is not written is none",
        from: "if (port === 0) port = defaultPortOf(scheme);",
        to: "",
      },
      {
        fault: "any scheme is the rule's",
        from: "(itsScheme === ANY_SCHEME || itsScheme === scheme) &&",
        to: "itsScheme >= 0 &&",
      },
      {
        fault: "the highest bit of a port is lost",
        from: "((condition >>> PORT_SHIFT) & 0xffff) === port",
        to: "((condition >>> PORT_SHIFT) & 0x7fff) === (port & 0x7fff)",
      },
      {
        fault: "the walk ends at the first rule",
        from: "if ((head & NODE_FOLLOWS) === 0) return least;",
        to: "return least;",
      },
    ],
  },
  {
    file: "src/matcher/trie_layout.ts",
    tests: ["tests/matcher/trie_layout_test.ts"],
    faults: [
      {
        fault: "of two equal rules the last one is named",
        from: "Math.min(rule.place, this.#placeOf(condition))",
        to: "rule.place",
      },
      {
        fault: "a rule of any scheme and port is not looked for",
        from: "      this.#placeOf(conditionOf(ANY_SCHEME, null, reach)),\n",
        to: "",
      },
    ],
  },
  {
    file: "src/matcher/trie_builder.ts",
    tests: ["tests/matcher/trie_builder_test.ts"],
    faults: [
      { fault: "two nodes may have one base", from: "if (this.#isBase[base] === 1 || ", to: "if (" },
      {
        fault: "one condition too many fits",
        from: "if (number === MAX_CONDITIONS || scheme",
        to: "if (number > MAX_CONDITIONS || scheme",
      },
    ],
  },
  {
    file: "src/matcher/matcher.ts",
    tests: ["tests/matcher/matcher_test.ts"],
    faults: [
      {
        fault: "an absent origin is taken for null",
        from: `if (typeof origin !== "string") return anyPlace;`,
        to: `if (typeof origin !== "string") return Math.min(anyPlace, nullPlace);`,
      },
      {
        fault: "the origin that was let in last is let in by another entry",
        from: "      itsPlace = place;\n",
        to: "",
      },
      {
        fault: "a remembered origin has any length",
        from: "if (place !== NONE && origin.length <= MAX_ORIGIN_LENGTH) {",
        to: "if (place !== NONE) {",
      },
    ],
  },

  // ---- what an operator wrote
  {
    file: "src/pattern/pattern.ts",
    tests: ["tests/pattern/pattern_test.ts"],
    faults: [
      {
        fault: "every https site is no danger",
        from: `rule.scheme === "http" || rule.scheme === "https" ? "unsafe-any-host" : null;`,
        to: `rule.scheme === "http" ? "unsafe-any-host" : null;`,
      },
      {
        fault: "*.example.com admits example.com",
        from: `prefix === undefined ? "host" : prefix === "." ? "host-and-subdomains" : "subdomains";`,
        to: `prefix === undefined ? "host" : "host-and-subdomains";`,
      },
      {
        fault: "a scheme may stand in a list of hosts",
        from: "return parsed.rule.scheme === null ? parsed.rule : null;",
        to: "return parsed.rule;",
      },
      {
        fault: "a list of hosts may hold what is unsafe",
        from: "if (parsed === null || parsed.unsafe !== null || parsed.rule.kind",
        to: "if (parsed === null || parsed.rule.kind",
      },
      {
        fault: "an entry with a scheme and no port has any",
        from: "return scheme === null ? null : defaultPort(scheme);",
        to: "return null;",
      },
      {
        fault: "file: has origins",
        from: " || SCHEMES_WITHOUT_ORIGIN.has(scheme))) return null;",
        to: ")) return null;",
      },
      {
        fault: "null is no danger",
        from: `place }, unsafe: "unsafe-null" };`,
        to: "place }, unsafe: null };",
      },
      {
        fault: "an entry may go on after its port",
        from: "(?::([1-9][0-9]{0,3}))?$/;",
        to: "(?::([1-9][0-9]{0,3}))?/;",
      },
    ],
  },
  {
    file: "src/pattern/normalize.ts",
    tests: ["tests/pattern/normalize_test.ts"],
    faults: [
      {
        fault: "a look-alike letter becomes an ASCII one",
        from: "return isFaithful ? ascii : null;",
        to: "return ascii;",
      },
      {
        fault: "a wildcard may stand over an address",
        from: "return wildcard && isAddress ? null : host;",
        to: "return host;",
      },
    ],
  },
  {
    file: "src/pattern/rule.ts",
    tests: ["tests/pattern/rule_test.ts"],
    faults: [
      {
        fault: "a name that ends as the host does is below it",
        from: `name.endsWith("." + host)`,
        to: "name.endsWith(host)",
      },
    ],
  },
  {
    file: "src/pattern/list.ts",
    tests: ["tests/pattern/list_test.ts"],
    faults: [
      {
        fault: "what is unsafe may stand in every list",
        from: "return parsed !== null && (parsed.unsafe === null || unsafe) ? parsed.rule : null;",
        to: "return parsed !== null ? parsed.rule : null;",
      },
      {
        fault: "'self' may stand in every list",
        from: `if (self && entry === "'self'")`,
        to: `if (entry === "'self'")`,
      },
      {
        fault: "a list has an entry less than the matcher can number",
        from: "if (list.length > MAX_ENTRIES) {",
        to: "if (list.length >= MAX_ENTRIES) {",
      },
    ],
  },
  {
    file: "src/pattern/parse_list.ts",
    tests: ["tests/pattern/parse_list_test.ts"],
    faults: [
      {
        fault: "a variable that is not set is an empty list",
        from: `if (typeof text !== "string") return [text];`,
        to: `if (typeof text !== "string") return [];`,
      },
      {
        fault: "what other variables of a file hold gets into the list",
        from: "return names.length === 1 && text.startsWith(names[0]!)",
        to: "return names.length > 0 && text.startsWith(names[0]!)",
      },
    ],
  },
  {
    file: "src/pattern/diagnosis.ts",
    tests: ["tests/pattern/diagnosis_test.ts"],
    faults: [
      {
        fault: "a diagnosis that finds nothing lets an entry pass",
        from: "return [first, ...others];",
        to: "return (first === UNKNOWN ? [] : [first, ...others]) as unknown as Faults;",
      },
    ],
  },
  {
    file: "src/pattern/suffixes.ts",
    tests: ["tests/pattern/suffixes_test.ts"],
    faults: [
      {
        fault: "a wildcard over co.uk with a dot at its end is no danger",
        from: `const name = host.endsWith(".") ? host.slice(0, -1) : host;`,
        to: "const name = host;",
      },
    ],
  },
  {
    file: "src/pattern/suffix_list.ts",
    tests: ["tests/pattern/suffix_list_test.ts"],
    faults: [
      {
        fault: "suffixes that were not imported mean the short list",
        from: `if (!("suffixes" in options)) return null;`,
        to: "if (options.suffixes === undefined) return null;",
      },
    ],
  },

  // ---- who is asking, and for which path
  {
    file: "src/auth/auth.ts",
    tests: ["tests/auth/auth_test.ts"],
    faults: [
      {
        fault: "users are looked up for a handshake that no guard judged",
        from: "if (isHandshake && !judged) {",
        to: "if (isHandshake && !judged && required) {",
      },
      {
        fault: "undefined is a user",
        from: "if (required && (user === null || user === undefined)) {",
        to: "if (required && user === null) {",
      },
      {
        fault: "a client that left while its user was looked up goes on",
        from: "value === LEFT || isHandshake && !await clientStays(request, signal) ? clientLeft()",
        to: "value === LEFT ? clientLeft()",
      },
      {
        fault: "a listener stays on each request",
        from: `      signal.removeEventListener("abort", left);\n`,
        to: "",
      },
      {
        fault: "true is a user",
        from: `if (typeof found !== "object") return`,
        to: `if (typeof found === "string") return`,
      },
      {
        fault: "what every object inherits is a user",
        from: "if (isPrototype(found)) return",
        to: "if (found === null) return",
      },
      { fault: "a lookup takes any time", from: "}, seconds * 1000);", to: "}, seconds * 1_000_000);" },
      {
        fault: "a client that had left before its user was looked up goes on",
        from: "    if (signal.aborted) left();\n",
        to: "",
      },
      {
        fault: "a handler can change what others read of a user",
        from: "Object.freeze({ user: somebody, session })",
        to: "{ user: somebody, session }",
      },
    ],
  },
  {
    file: "src/auth/cookies.ts",
    tests: ["tests/auth/cookies_test.ts"],
    faults: [
      {
        fault: "the last cookie of a name wins",
        from: `if (name !== "" && !cookies.has(name)) cookies.set(`,
        to: `if (name !== "") cookies.set(`,
      },
      {
        fault: "a cookie begins at its last =",
        from: `pair.indexOf("=")`,
        to: `pair.lastIndexOf("=")`,
      },
    ],
  },
  {
    file: "src/auth/why_nobody.ts",
    tests: ["tests/auth/why_nobody_test.ts"],
    faults: [
      {
        fault: "a program is told where a browser's cookies stay",
        from: `  if (senderOf(handshake) !== "browser") return null;\n`,
        to: "",
      },
      {
        fault: "two addresses are one site",
        from: "return !isAddress(a) && !isAddress(b) && site(a)",
        to: "return site(a)",
      },
    ],
  },
  {
    file: "src/router/url_router.ts",
    tests: ["tests/router/url_router_test.ts", "tests/router/targets_test.ts"],
    faults: [
      {
        fault: "a dot segment is routed",
        from: String.raw`|(?:\/|%2F)\.{1,2}(?:\/|%2F|$)/iu;`,
        to: "/iu;",
      },
      {
        fault: "a backslash is routed",
        from: String.raw`const UNROUTABLE = /[\\#`,
        to: "const UNROUTABLE = /[#",
      },
      {
        fault: "an escaped letter is routed",
        from: String.raw`%(?:2[DE]|3\d|[46][1-9A-F]|[57][\dA]|5F)|`,
        to: "%(?:2[DE]|5F)|",
      },
      { fault: "a parameter may be empty", from: `: path[index] !== ""`, to: ": true" },
      {
        fault: "a trailing * needs no slash before it",
        from: "if (open ? path.length <= segments.length",
        to: "if (open ? path.length < segments.length",
      },
      { fault: "a router is inside another for good", from: "running.delete(request)", to: "undefined" },
      {
        fault: "a percent sign that does not decode throws",
        from: "} catch {\n    return segment;",
        to: "} catch (error) {\n    throw error;",
      },
      { fault: "the last route that matches wins", from: ": compiled.find((", to: ": compiled.findLast((" },
    ],
  },
  {
    file: "src/router/url_router.ts",
    tests: ["tests/router/url_router_test.ts"],
    runtime: "bun",
    faults: [
      // Deno has taken that accessor away.
      {
        fault: "a parameter __proto__ replaces the prototype",
        from:
          "Object.defineProperty(params, segment.name, { value: decode(path[index]!), enumerable: true });",
        to: "params[segment.name] = decode(path[index]!);",
      },
    ],
  },
  {
    file: "src/router/url_router.ts",
    tests: ["tests/router/url_router_test.ts"],
    faults: [
      {
        fault: "a handler can change what others read of a path",
        from: "found.set(request, Object.freeze(all));",
        to: "found.set(request, all);",
      },
    ],
  },
  {
    file: "src/router/protocol_type_router.ts",
    tests: ["tests/router/protocol_type_router_test.ts"],
    faults: [
      {
        fault: "a malformed handshake goes to the handler of plain requests",
        from: `if (requestedUpgrade(request) !== "none") {`,
        to: `if (requestedUpgrade(request) === "websocket") {`,
      },
      {
        fault: "a handshake that a proxy took Upgrade from is a plain request",
        from: `if (request.headers.get("sec-websocket-key") !== null) {`,
        to: `if (request.headers.get("sec-websocket-key") === "") {`,
      },
    ],
  },

  // ---- what is done with a verdict
  {
    file: "src/guard/judge.ts",
    tests: ["tests/guard/judge_test.ts", "tests/guard/guard_test.ts"],
    faults: [
      {
        fault: "CONNECT passes the guard",
        from: `return refusal("connect-not-supported", { note: () => CONNECT });`,
        to: "return null;",
      },
      {
        fault: "a malformed Upgrade passes the guard",
        from: `return refusal("upgrade-malformed");`,
        to: "return null;",
      },
      {
        fault: "a malformed Connection passes the guard",
        from: `if (connection === "malformed") return refusal("connection-malformed");`,
        to: `if (connection === "malformed") connection = "upgrade";`,
      },
      {
        fault: "a handshake's Host is not judged",
        from: "if (!byHost.allowed) {",
        to: "if (!byHost.allowed && isPlain) {",
      },
      {
        fault: "the guard's Host comes from request.url",
        from: `const host = isPlain ? authorityOf(request) : request.headers.get("host");`,
        to:
          "const host = isPlain ? authorityOf(request) : /^[a-z]+:\\/\\/([^/?#]*)/.exec(request.url)?.[1] ?? null;",
      },
      {
        fault: "a plain request's Origin is not judged",
        from: "if (isPlain && needsNoOrigin(request)) return null;",
        to: "if (isPlain) return null;",
      },
      {
        fault: "Sec-Fetch-Site is not looked at",
        from: ` && headers.get("sec-fetch-site") === "same-origin";`,
        to: ";",
      },
      {
        fault: "Sec-Fetch-Site is believed beside any Origin",
        from: `return origin === null || origin === "null" && headers`,
        to: `return origin === null || headers`,
      },
      {
        fault: "a policy function that throws lets everybody in",
        from: `return refusal("policy-unavailable", { host, cause });`,
        to: `return compilePolicy({ origins: ["*"] });`,
      },
      {
        fault: "plain requests are judged though nobody asked for it",
        from: `issues) === "all";`,
        to: `issues) !== "handshakes";`,
      },
      {
        fault: "a policy function is asked for a Host that is none",
        from: "const fault = hostFault(host, request.url);",
        to: "const fault = host === null ? hostFault(host, request.url) : null;",
      },
      {
        fault: "an unknown site is a failure of ours",
        from: `if (found === null) return refusal("host-not-allowed", { host, note: () => NO_SITE });`,
        to: "",
      },
      {
        fault: "the guard's Host comes from X-Forwarded-Host",
        from: `const host = isPlain ? authorityOf(request) : request.headers.get("host");`,
        to:
          `const host = request.headers.get("x-forwarded-host") ?? (isPlain ? authorityOf(request) : request.headers.get("host"));`,
      },
    ],
  },
  {
    file: "src/guard/judge.ts",
    tests: ["tests/guard/validators_test.ts"],
    faults: [
      {
        fault: "a handshake's Host may come from its URL",
        from: ` || ["websocket", "malformed"].includes(requestedUpgrade(request))) return host;`,
        to: ") return host;",
      },
    ],
  },
  {
    file: "src/guard/judge.ts",
    tests: ["tests/event_test.ts"],
    faults: [
      {
        fault: "a would-deny refuses",
        from: "return refusal === null ? verdict as Verdict : refusal.denied;",
        to: "return (refusal ?? second)?.denied ?? verdict as Verdict;",
      },
      {
        fault: "a report-only policy that fails refuses",
        from: "return refusal === null ? verdict as Verdict : refusal.denied;",
        to:
          `if (second?.denied.status === 503) return second.denied;\n  return refusal === null ? verdict as Verdict : refusal.denied;`,
      },
      {
        fault: "what the report-only policy lets in is let in and marked",
        from: "return refusal === null ? verdict as Verdict : refusal.denied;",
        to:
          `if (reportOnly !== null && second === null) return "upgrade";\n  return refusal === null ? verdict as Verdict : refusal.denied;`,
      },
      {
        fault: "the report-only policy is judged by in place of the one in force",
        from: "const verdict = judge(request, source, all, found);",
        to: "const verdict = judge(request, reportOnly ?? source, all, found);",
      },
      {
        fault: "faults of a report-only policy are told as those of the policy in force",
        from: "issues.push({ ...issue, field: `reportOnly.${issue.field}` });",
        to: "issues.push(issue);",
      },
      {
        fault: "a report-only policy is not asked of what was refused",
        from: "const second = reportOnly && refusalOf(judge(request, reportOnly, all, null));",
        to:
          "const second = reportOnly && (refusal === null ? refusalOf(judge(request, reportOnly, all, null)) : null);",
      },
      {
        fault: "a would-deny is explained by the policy in force",
        from: "...(refusal ?? second)?.details ?? found?.details,",
        to: "...refusal?.details ?? found?.details,",
      },
      {
        fault: "a would-deny is told to hooks alone",
        from: "if (refusal !== null || second !== null || tell.all) {",
        to: "if (refusal !== null || tell.all) {",
      },
      {
        fault: "plain requests that nobody judged are told as allowed",
        from: "if (verdict === null && !all) return null;",
        to: "",
      },
    ],
  },
  {
    file: "src/guard/judge.ts",
    tests: ["tests/guard/judge_test.ts"],
    faults: [
      {
        fault: "a denial is told to hooks alone",
        from: "if (refusal !== null || second !== null || tell.all) {",
        to: "if (second !== null || tell.all) {",
      },
    ],
  },
  {
    file: "src/guard/guard.ts",
    tests: ["tests/guard/guard_test.ts"],
    faults: [
      {
        fault: "a plain request is marked as judged",
        from: "if (verdict === null) return handler(request, ...rest);",
        to:
          `if (verdict === null) return whileJudged(request, "none", judges, () => handler(request, ...rest));`,
      },
      {
        fault: "a handshake that was let in is not marked",
        from: "return whileJudged(request, verdict, judges, () => handler(request, ...rest));",
        to: "return handler(request, ...rest);",
      },
      {
        fault: "refuse does not get the context",
        from: "return answer(verdict, request, rest[0]);",
        to: "return answer(verdict, request, undefined);",
      },
    ],
  },
  {
    file: "src/guard/gate.ts",
    tests: ["tests/guard/gate_test.ts"],
    faults: [
      {
        fault: "a gate tells of a refusal and lets in",
        from: `if (typeof verdict !== "string") return answer(verdict, request, context) as Response;`,
        to: `if (typeof verdict !== "string") return undefined;`,
      },
      {
        fault: "what a gate let in is not marked",
        from: "    markJudged(request, verdict, judges, request);\n",
        to: "",
      },
    ],
  },
  {
    file: "src/guard/node_gate.ts",
    tests: ["tests/guard/node_gate_test.ts", "tests/node_test.ts"],
    faults: [
      {
        fault: "an error of the socket ends the process",
        from: `    socket?.on("error", () => {});\n`,
        to: "",
      },
      {
        fault: "Node's gate answers and lets in",
        from: "answer(socket, verdict);\n    return false;",
        to: "answer(socket, verdict);\n    return true;",
      },
      {
        fault: "HTTP/1.0 is upgraded",
        from: `(httpVersion === "1.0" || httpVersion === "0.9")`,
        to: `httpVersion === "0.9"`,
      },
      {
        fault: "the last of a repeated header wins",
        from: "before === undefined ? rawHeaders[i + 1]! : `${before}, ${rawHeaders[i + 1]!}`",
        to: "before === undefined ? rawHeaders[i + 1]! : rawHeaders[i + 1]!",
      },
      {
        fault: "a refused socket is left open",
        from: `  socket.on("finish", () => void socket.destroy());\n`,
        to: "",
      },
      {
        fault: "a target with an authority is taken for a path",
        from: `const isPath = target.startsWith("/") && host !== null;`,
        to: "const isPath = host !== null;",
      },
      {
        fault: "Node's gate tells nobody of HTTP/1.0",
        from:
          "    tell({ denied, reportOnly: null, handshake, request, context: undefined, note: () => TOO_OLD });\n",
        to: "",
      },
    ],
  },
  {
    file: "src/guard/validators.ts",
    tests: ["tests/guard/validators_test.ts"],
    faults: [
      {
        fault: "hostValidator does not read the authority of HTTP/2",
        from: "const host = authorityOf(request);",
        to: `const host = request.headers.get("host");`,
      },
      {
        fault: "hostValidator lets every Host in",
        from: "return denied === null ? handler(",
        to: "return denied === null || host !== null ? handler(",
      },
    ],
  },

  // ---- what is told of decisions
  {
    file: "src/event.ts",
    tests: ["tests/event_test.ts"],
    faults: [
      {
        fault: "a would-deny is told as allowed",
        from: `told !== null ? "would-deny" : "allowed";`,
        to: `"allowed";`,
      },
      {
        fault: "a would-deny is told as denied",
        from: `denied !== null ? "denied" : told`,
        to: `told !== null ? "denied" : told`,
      },
      {
        fault: "a would-deny has the status of a response",
        from: "this.status = denied?.status ?? null;",
        to: "this.status = told?.status ?? null;",
      },
      {
        fault: "what the report-only policy refuses is told as the reason of a denial",
        from: "const told = denied ?? reportOnly?.denied ?? null;",
        to: "const told = reportOnly?.denied ?? denied ?? null;",
      },
      { fault: "an event holds the query", from: `url: url.split("?", 1)[0]!,`, to: "url," },
      {
        fault: "an event holds the cookie",
        from: `kept.set(name, value && "...");`,
        to: "kept.set(name, value);",
      },
      {
        fault: "an empty Cookie becomes a login once it is kept",
        from: `kept.set(name, value && "...");`,
        to: `kept.set(name, "...");`,
      },
      {
        fault: "an event holds the offered subprotocols",
        from: `    "sec-websocket-key",\n`,
        to: `    "sec-websocket-key",\n    "sec-websocket-protocol",\n`,
      },
      {
        fault: "an event forgets that a login came along",
        from: `const LOGINS = ["cookie", "authorization"];`,
        to: `const LOGINS = ["cookie"];`,
      },
      {
        fault: "an event reads the request when it is asked",
        from: "handshake: keeps ? snapshotOf(judged) : judged",
        to: "handshake: judged",
      },
      { fault: "an event can be changed", from: "    Object.freeze(this);\n", to: "" },
      {
        fault: "a handshake that a proxy took Upgrade from is told as a plain request",
        from: `requestedUpgrade(handshake) !== "none" ||`,
        to: `requestedUpgrade(handshake) !== "none" &&`,
      },
      {
        fault: "a path of any length is told",
        from: "const MAX_PATH = 200;",
        to: "const MAX_PATH = 200_000;",
      },
      {
        fault: "a path gets into an event as it came",
        from: "escapeNonAscii(path.slice(0, MAX_PATH)).slice(0, MAX_PATH);",
        to: "path.slice(0, MAX_PATH);",
      },
      { fault: "a fragment is told", from: `.split("#", 1)[0]!;`, to: ";" },
      { fault: "a method of any length is told", from: "method.slice(0, MAX_METHOD);", to: "method;" },
    ],
  },
  {
    file: "src/event.ts",
    tests: ["tests/reporter_test.ts"],
    faults: [
      {
        fault: "that undefined was thrown is not told",
        from: `return "cause" in decided`,
        to: "return decided.cause !== undefined",
      },
    ],
  },
  {
    file: "src/settle.ts",
    tests: ["tests/event_test.ts"],
    faults: [
      {
        fault: "the name of a layer is lost",
        from: "hear(eventOf({ ...decision, layer, name }, keeps))",
        to: "hear(eventOf({ ...decision, layer, name: null }, keeps))",
      },
      {
        fault: "a hook hears of denials alone",
        from: "return Object.assign(tell, { all: !isOurs });",
        to: "return Object.assign(tell, { all: false });",
      },
      {
        fault: "a layer that judges by no policy does not tell of what it lets in",
        from: "if (tell.all) say(null, request, context, {});",
        to: "",
      },
    ],
  },
  {
    file: "src/reporter.ts",
    tests: ["tests/reporter_test.ts"],
    faults: [
      {
        fault: "the console is told in words without an end",
        from: "if (isNews && ration.told >= maxKinds) {",
        to: "if (isNews && ration.told < 0) {",
      },
      {
        fault: "the ration of words is never renewed",
        from: "if (time - ration.start >= interval)",
        to: "if (ration.start < 0)",
      },
      {
        fault: "a flood of invented origins hides a database that is gone",
        from: "isFailure(event) ? rations.failures : rations.rest;",
        to: "rations.rest;",
      },
      {
        fault: "a failure that a client provokes hides another one",
        from: "if (isFailure(event)) return failureOf(event.cause);",
        to: `if (isFailure(event)) return "";`,
      },
      {
        fault: "what is told long after it came seems to have come just now",
        from: "const when = goesOn\n",
        to: "const when = goesOn || !goesOn\n",
      },
      {
        fault: "what was allowed makes no sum come",
        from: "    writeWhatIsDue();\n  }",
        to: "  }",
      },
      {
        fault: "an outage is told once, and no second one",
        from: "(statusOf(event) === 503 ? FORGET.failure : FORGET.other)",
        to: "FORGET.other",
      },
      {
        fault: "what was told once is news no more",
        from: "|| time - known.lastSeen > known.forgetAfter;",
        to: "|| time < known.lastSeen;",
      },
      {
        fault: "the sum forgets what was untold",
        from: "reduce((all, { more }) => all + more, untold);",
        to: "reduce((all, { more }) => all + more, 0);",
      },
      {
        fault: "what is forgotten is not in the sum",
        from: "    untold += more;\n",
        to: "",
      },
      {
        fault: "what came of a kind before it was untold is not in the sum",
        from: "untold += 1 + (known?.more ?? 0);",
        to: "untold += 1;",
      },
      {
        fault: "what is untold waits for something else to be summed up",
        from: "untold += 1 + (known?.more ?? 0);\n      expectSum(time);",
        to: "untold += 1 + (known?.more ?? 0);",
      },
      {
        fault: "any number of kinds is remembered",
        from: "    if (kinds.size > REMEMBERED * maxKinds) forgetOldest();\n",
        to: "",
      },
      {
        fault: "the kind that comes most is forgotten first",
        from: "    kinds.delete(key);\n    const isNews",
        to: "    const isNews",
      },
      {
        fault: "a flood is summed up in each interval for as long as it lasts",
        from: "goesOn ? Math.min(2 * sum.pace, MAX_PACE) : 1",
        to: "goesOn ? 1 : 1",
      },
      {
        fault: "a flood is summed up ever more seldom without an end",
        from: "Math.min(2 * sum.pace, MAX_PACE)",
        to: "2 * sum.pace",
      },
      {
        fault: "what a client varies is of many kinds",
        from: `origin.kind === "tuple" ? \`Origin \${origin.shown}\` : "";`,
        to: "`Origin ${origin.shown}`;",
      },
      {
        fault: "layers of two names have their kinds in common",
        from: "return JSON.stringify([name, layer, outcome, reason, about(event)]);",
        to: "return JSON.stringify([layer, outcome, reason, about(event)]);",
      },
      {
        fault: "a would-deny and a denial are one kind",
        from: "return JSON.stringify([name, layer, outcome, reason, about(event)]);",
        to: "return JSON.stringify([name, layer, reason, about(event)]);",
      },
      {
        fault: "a would-deny is told as refused",
        from: `"would-deny": "would refuse" }`,
        to: `"would-deny": "refused" }`,
      },
      {
        fault: "what was allowed is told as refused",
        from: `if (event.outcome === "allowed" || event.reason === "not-found") return;`,
        to: `if (event.reason === "not-found") return;`,
      },
      {
        fault: "a path without a route is told",
        from: `if (event.outcome === "allowed" || event.reason === "not-found") return;`,
        to: `if (event.outcome === "allowed") return;`,
      },
      {
        fault: "plain requests are counted",
        from: "if (event.handshake) count(event);",
        to: "count(event);",
      },
      {
        fault: "names of layers break out of their labels",
        from: String.raw`replace(/[\\"\n]/g`,
        to: String.raw`replace(/[\\\n]/g`,
      },
      {
        fault: "a counter is not what OpenMetrics calls one",
        from: "    `wsgate_handshakes_total{",
        to: "    `wsgate_handshakes{",
      },
    ],
  },

  // ---- how a socket is opened, and what happens on it
  {
    file: "src/socket/upgrade.ts",
    tests: ["tests/socket/upgrade_test.ts"],
    faults: [
      {
        fault: "a socket that nobody judged opens",
        from:
          `      return settle(denials["origin-unchecked"], request, context, { note: () => UNCHECKED });\n`,
        to: "",
      },
      {
        fault: "a handler has any number of sockets",
        from:
          `    if (kind.open >= limits.maxSockets) return settle(denials["too-many-sockets"], request, context);\n`,
        to: "",
      },
      {
        fault: "the response is not returned after the upgrade",
        from: `return response ?? settle(denials["not-a-handshake"], request, context);`,
        to: `return settle(denials["not-a-handshake"], request, context);`,
      },
      {
        fault: "headers() replaces a header of the handshake itself",
        from:
          "    if (OWN_HEADERS.test(name)) throw new TypeError(`The header ${name} is the opening handshake's own`);\n",
        to: "",
      },
      {
        fault: "a client that left is upgraded",
        from: ".then((stays) => stays ? upgrade() : clientLeft());",
        to: ".then(() => upgrade());",
      },
      {
        fault: "the opening handshake is not checked",
        from: "    if (denied !== null) return settle(denied, request, context, { miss: strippedMiss });\n",
        to: "",
      },
      {
        fault: "an operator's list of subprotocols is kept",
        from: "return Object.freeze([...list]);",
        to: "return list;",
      },
      {
        fault: "headers() may return a promise",
        from: "  if (isPromiseLike(given)) {\n",
        to: "  if (isPromiseLike(given) && !given) {\n",
      },
    ],
  },
  {
    file: "src/socket/deno.ts",
    tests: ["tests/socket/deno_test.ts"],
    faults: [
      {
        fault: "the chosen subprotocol is not sent",
        from:
          `  if (session.protocol !== "") response.headers.set("sec-websocket-protocol", session.protocol);\n`,
        to: "",
      },
      { fault: "any number of denials is shown", from: "    if (shown >= MAX_SHOWN) return null;\n", to: "" },
      {
        fault: "denials that are gone are counted on",
        from: "      if (this.#isShown) shown--;\n",
        to: "",
      },
      {
        fault: "a close overtakes what waits to be sent",
        from: "else this.#outbox.watch();",
        to: "else this.emptied();",
      },
      { fault: "binary messages come as blobs", from: `    socket.binaryType = "arraybuffer";\n`, to: "" },
      {
        fault: "a close comes before what is here already was read",
        from: "afterRounds(2, () => this.#close(code, reason));",
        to: "this.#close(code, reason);",
      },
      {
        fault: "memory that another thread may write to is sent",
        from: "data.buffer instanceof ArrayBuffer",
        to: "data.buffer !== null",
      },
    ],
  },
  {
    file: "src/socket/bun.ts",
    tests: ["tests/socket/bun_test.ts"],
    runtime: "bun",
    faults: [
      {
        fault: "Bun echoes the first subprotocol that is offered",
        from: `  headers.set("sec-websocket-protocol", session.protocol);\n`,
        to: "",
      },
      {
        fault: "a denial is shown on a server that nothing is known of",
        from: "if (!proven.has(server)) {",
        to: "if (server === null) {",
      },
      {
        fault: "a socket of another handler is left without an answer",
        from: `    (ws as BunSocket).close(1011, "");\n`,
        to: "",
      },
      {
        fault: "what waits in Bun is not counted",
        from: "this.#isPressed ? maxBufferedBytes - ws.getBufferedAmount() : maxBufferedBytes",
        to: "maxBufferedBytes",
      },
      {
        fault: "a session that never opened counts as upgraded",
        from: `  if (!session.wasOpened) return "elsewhere";\n`,
        to: "",
      },
      {
        fault: "a message that is too big closes with 1006",
        from: "if (code === 1006 && reason === TOO_BIG) this",
        to: `if (code === 1006 && reason === "") this`,
      },
      {
        fault: "the limits of the last handler are those of the server",
        from: "needed.maxMessageBytes = Math.max(needed.maxMessageBytes, maxMessageBytes);",
        to: "needed.maxMessageBytes = maxMessageBytes;",
      },
      {
        fault: "a server that reads its limits too early is not noticed",
        from:
          "if (maxMessageBytes > served.maxMessageBytes || maxBufferedBytes > served.maxBufferedBytes) return false;",
        to: "",
      },
    ],
  },
  {
    file: "src/socket/outbox.ts",
    tests: ["tests/socket/outbox_test.ts"],
    faults: [
      {
        fault: "any number of bytes may wait",
        from: "if (this.#handedBytes + this.#queuedBytes > most && this.bytes > most) {",
        to: "if (most < 0) {",
      },
      {
        fault: "a message overtakes those that wait",
        from: "if (this.#queue === undefined && this.#hasRoom()) {",
        to: "if (this.#hasRoom()) {",
      },
      {
        fault: "empty messages cost nothing",
        from: "const MESSAGE_COST = 64;",
        to: "const MESSAGE_COST = 0;",
      },
      {
        fault: "what is dropped still counts",
        from: "    this.#queue = undefined;\n    this.#queuedBytes = 0;\n",
        to: "",
      },
      {
        fault: "a peer that reads nothing is never given up",
        from: "return this.#amount > 0 && now - this.#movedAt >= limitMs;",
        to: "return false;",
      },
      {
        fault: "sizes are those of messages that are gone",
        from: "      queue.sizes.splice(0, COMPACT_AT);\n",
        to: "",
      },
      {
        fault: "more is handed over than one batch",
        from: "return this.#handed < BATCH_MESSAGES && this.#handedBytes < BATCH_BYTES;",
        to: "return this.#handed < BATCH_MESSAGES;",
      },
    ],
  },
  {
    file: "src/socket/refuse_visibly.ts",
    tests: ["tests/socket/refuse_visibly_test.ts"],
    faults: [
      {
        fault: "every denial is shown",
        from: "  if (denied.status !== 401 && denied.status !== 403) return deny(denied);\n",
        to: "",
      },
      {
        fault: "a denial is shown to what is no good handshake",
        from: "  if (checkOpeningHandshake(request) !== null) return deny(denied);\n",
        to: "",
      },
      {
        fault: "a bearer token is echoed",
        from: '.find((name) => !isCredential(name)) ?? "";',
        to: `[0] ?? "";`,
      },
    ],
  },
  {
    file: "src/socket/refuse_visibly.ts",
    tests: ["tests/guard/gate_test.ts"],
    faults: [
      {
        fault: "a denial that a gate has answered is shown",
        from: "stays && !isAnswered(request) ? show()",
        to: "stays ? show()",
      },
    ],
  },
  {
    file: "src/socket/session.ts",
    tests: ["tests/socket/session_test.ts"],
    faults: [
      {
        fault: "messages come after this side has closed",
        from: `received(data: string | Uint8Array): void {\n    if (this.#state !== "open") return;\n`,
        to: "received(data: string | Uint8Array): void {\n",
      },
      {
        fault: "a message has any size",
        from: "if (exceeds(data, limits.maxMessageBytes)) {",
        to: "if (exceeds(data, Infinity)) {",
      },
      {
        fault: "any number of messages may wait",
        from: "waiting.messages.length - waiting.handled > limits.maxWaitingMessages ||",
        to: "",
      },
      {
        fault: "waiting messages may have any number of bytes",
        from: "waiting.bytes > WAITING_MESSAGES_OF_BYTES * limits.maxMessageBytes",
        to: "waiting.bytes > Infinity",
      },
      {
        fault: "the last message that waits is handled first",
        from: "const data = waiting.messages[waiting.handled++]!;",
        to: "const data = waiting.messages[waiting.messages.length - 1 - waiting.handled++]!;",
      },
      { fault: "closed sockets are counted as open", from: "    this.kind.open--;\n", to: "" },
      {
        fault: "a socket over maxSockets stays open",
        from: "if (++kind.open > kind.limits.maxSockets) {",
        to: "if (++kind.open > Infinity) {",
      },
      { fault: "a handler that threw leaves its socket open", from: `    this.close(1011, "");\n`, to: "" },
      {
        fault: "1006 is sent in a close frame",
        from: "(code < 1004 || code > 1006)",
        to: "(code < 1004 || code > 1005)",
      },
      { fault: "close is called twice", from: "    if (this.#isFinished) return;\n", to: "" },
      {
        fault: "close is told of a socket that was never open",
        from: "      this.#isSeen = false;\n      this.close(1013, TOO_MANY_SOCKETS);\n",
        to: "      this.close(1013, TOO_MANY_SOCKETS);\n",
      },
      { fault: "a silent peer is never pinged", from: "      wire.sendPing();\n", to: "" },
      {
        fault: "a limit of bytes counts characters",
        from: "return data.length * 3 > limit && encoder.encode(data).length > limit;",
        to: "return false;",
      },
      {
        fault: "a socket that does not end is waited for without end",
        from: "if (elapsedNext <= CLOSE_TIMEOUT_SECONDS * 1000) break;",
        to: "if (elapsedNext <= Infinity) break;",
      },
      {
        fault: "messages are lost where many wait",
        from: "        waiting.handled = 0;\n",
        to: "",
      },
      {
        fault: "a peer is pinged once and never again",
        from: "    this.#pinged = false;\n",
        to: "",
      },
      {
        fault: "a close reason has any length",
        from: "const MAX_REASON_BYTES = 123;",
        to: "const MAX_REASON_BYTES = 125;",
      },
      {
        fault: "what waits is handled after a close",
        from: "    this.#own = { code, reason: String(reason) };\n    this.#waiting = undefined;\n",
        to: "    this.#own = { code, reason: String(reason) };\n",
      },
      {
        fault: "a socket opens twice",
        from: '    if (this.#state !== "connecting") return;\n',
        to: "",
      },
    ],
  },
  {
    file: "src/socket/sweep.ts",
    tests: ["tests/socket/sweep_test.ts"],
    faults: [
      { fault: "what is dropped is swept on", from: "  all.delete(it);\n", to: "" },
      {
        fault: "the timer of the sweeps outlives all sockets",
        from: "  if (timer !== undefined) clearInterval(timer);\n  timer = undefined;",
        to: "  timer = undefined;",
      },
      {
        fault: "a short limit is kept to the whole of it",
        from: "limitMs / 4",
        to: "limitMs",
      },
    ],
  },

  // ---- sessions, and tickets
  {
    file: "src/live/live_sockets.ts",
    tests: ["tests/live/live_sockets_test.ts"],
    faults: [
      {
        fault: "a socket opens though its session was ended since its handshake looked",
        from: " || this.#recent.haveEndedSince(looked)",
        to: "",
      },
      {
        fault: "an end closes who was let in knowing it",
        from: `({ known }) => notice.kind === "session" || notice.order > known`,
        to: "() => true",
      },
      {
        fault: "who has logged in since is closed with another subject's session",
        from: "if (handshake > session.handshake) {",
        to: "if (handshake < session.handshake) {",
      },
      {
        fault: "a session of another user is the one before",
        from: "    if (anothers !== undefined) this.#close(anothers.sockets, ...ENDED);\n",
        to: "",
      },
      {
        fault: "an end that the store has not taken is forgotten",
        from: "      this.#offerLater(end, keep);\n      throw error;",
        to: "      throw error;",
      },
      {
        fault: "a policy that fails closes sockets",
        from: "      this.#reportRecheck(error);\n      return null;",
        to: "      this.#reportRecheck(error);\n      throw error;",
      },
      {
        fault: "a socket that was let in before the last recheck is not judged again",
        from: "alike !== null && rechecks !== recheckCount() && this.#judgeAgain(alike)",
        to: "alike !== null && rechecks > recheckCount() && this.#judgeAgain(alike)",
      },
      {
        fault: "what nobody has let in stays open",
        from: "    if (admission === undefined) return this.#turnAway(socket, new Error(UNKNOWN));\n",
        to: "    if (admission === undefined) return () => {};\n",
      },
    ],
  },
  {
    file: "src/live/ends.ts",
    tests: ["tests/live/ends_test.ts"],
    faults: [
      {
        fault: "an exception revives",
        from: "if (others !== null && others.except !== except) {",
        to: "if (others !== null && others.except === undefined) {",
      },
      {
        fault: "a mark that cannot be read is none",
        from: `throw new TypeError("The store has something else than the mark of an end");`,
        to: "return null;",
      },
    ],
  },
  {
    file: "src/live/expiry.ts",
    tests: ["tests/live/expiry_test.ts"],
    faults: [
      {
        fault: "true prolongs what has expired",
        from: "if (wasOver && this.isOver(session.ref)) this.#close(session);",
        to: "",
      },
      {
        fault: "a session that is over goes on while nobody can be asked",
        from: "if (revalidate === undefined || steady - session.overSince >= timeoutSeconds * 1000) {",
        to: "if (revalidate === undefined) {",
      },
    ],
  },
  {
    file: "src/live/recheck.ts",
    tests: ["tests/live/recheck_test.ts"],
    faults: [
      {
        fault: "what is kept of a handshake holds the query",
        from: `url.split("?", 1)[0]!,`,
        to: "url,",
      },
      {
        fault: "what is kept of a handshake holds the cookie",
        from: `(headers.get(name) ?? null) === null ? null : "";`,
        to: `headers.get(name) as "" | null;`,
      },
      {
        fault: "one guard's yes is enough",
        from: "    if (denied !== null) return denied;\n",
        to: "    return denied;\n",
      },
    ],
  },
  {
    file: "src/live/tickets.ts",
    tests: ["tests/live/tickets_test.ts"],
    faults: [
      {
        fault: "a ticket is looked at and stays",
        from: "await store.take(await keyOf(ticket))",
        to: "await store.get(await keyOf(ticket))",
      },
      {
        fault: "none is any origin",
        from: "grant.origin !== origin",
        to: "grant.origin !== null && grant.origin !== origin",
      },
      {
        fault: "a request redeems twice",
        from: "if (earlier !== undefined) return earlier;",
        to: "",
      },
      {
        fault: "of two tickets the first is taken",
        from: "another !== undefined || !TICKET.test(ticket)",
        to: "!TICKET.test(ticket)",
      },
      {
        fault: "a user who is gone is nobody",
        from: `?? refuse("ticket-unknown", NO_USER)`,
        to: "?? null",
      },
      {
        fault: "the store has the ticket itself",
        from: `const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(ticket));`,
        to: "const digest = await Promise.resolve(new TextEncoder().encode(ticket));",
      },
    ],
  },
  {
    file: "src/live/store.ts",
    tests: ["tests/live/store_test.ts"],
    faults: [
      {
        fault: "numbers of a feed begin again",
        from: "      feed.first += gone;\n",
        to: "",
      },
      {
        fault: "what is in feeds needs no room",
        from: "isReplaced || kept.size + inFeeds < maxEntries",
        to: "isReplaced || kept.size < maxEntries",
      },
    ],
  },
  {
    file: "src/live/sqlite_store.ts",
    tests: ["tests/live/sqlite_store_test.ts"],
    faults: [
      {
        fault: "numbers begin again when all is trimmed",
        from: "INTEGER PRIMARY KEY AUTOINCREMENT",
        to: "INTEGER PRIMARY KEY",
      },
      {
        fault: "a busy database is told at once",
        from: "if (!isBusy(error) || performance.now() > end) throw error;",
        to: "throw error;",
      },
    ],
  },
  {
    file: "src/live/redis_store.ts",
    tests: ["tests/live/redis_store_test.ts"],
    faults: [
      {
        fault: "a feed may end as it is added to",
        from: '      await command("PEXPIRE", [key, ttl]);\n      const id',
        to: "      const id",
      },
      {
        fault: "a feed is trimmed by this machine's clock",
        from: "timeOf(id) - Number(ttl)",
        to: "Date.now() - Number(ttl)",
      },
    ],
  },
  {
    file: "src/live/watched_store.ts",
    tests: ["tests/live/watched_store_test.ts"],
    faults: [
      {
        fault: "a store that never answers is waited for without end",
        from: "return await within(this.#clock, this.#timeoutSeconds, () => run(this.#store), late);",
        to:
          "return late.length > 0 ? await within(this.#clock, this.#timeoutSeconds, () => run(this.#store), late) : await run(this.#store);",
      },
    ],
  },
  {
    file: "src/live/session.ts",
    tests: ["tests/live/session_test.ts"],
    faults: [
      {
        fault: "seconds are taken for milliseconds",
        from: "value >= LEAST_MS && Number.isFinite(value)",
        to: "value >= 0 && Number.isFinite(value)",
      },
      {
        fault: "a user needs no start",
        from: "    if (startedAt === undefined) throw new TypeError(NO_START);\n",
        to: "",
      },
    ],
  },
  {
    file: "src/live/closer.ts",
    tests: ["tests/live/closer_test.ts"],
    faults: [
      {
        fault: "a close before the socket is open is lost",
        from: "if (socket.readyState === CONNECTING && ",
        to: "if (socket.readyState === -1 && ",
      },
    ],
  },
  {
    file: "src/socket/session.ts",
    tests: ["tests/live/sockets_test.ts"],
    faults: [
      {
        fault: "handlers hear of a socket whose session was ended before it opened",
        from:
          '    if ((this.#state as string) !== "open") {\n      this.#isSeen = false;\n      return;\n    }\n',
        to: "",
      },
      {
        fault: "a socket that has closed is kept count of",
        from: "    this.#release?.();\n",
        to: "",
      },
    ],
  },
  {
    file: "src/socket/upgrade.ts",
    tests: ["tests/live/sockets_test.ts"],
    faults: [
      {
        fault: "a socket that no auth layer has let in opens",
        from: "live?.isAdmitted(request) === false",
        to: "live?.isAdmitted(request) === null",
      },
    ],
  },
  {
    file: "src/auth/auth.ts",
    tests: ["tests/live/sockets_test.ts"],
    faults: [
      {
        fault: "an ended session passes",
        from: `if (!isAdmitted) return settle(denials["session-ended"], request, context);`,
        to: "",
      },
    ],
  },
  {
    file: "src/auth/auth.ts",
    tests: ["tests/auth/auth_test.ts"],
    faults: [
      {
        fault: "a refused credential is a failure",
        from: `denials[Unauthenticated.is(cause) ? "unauthenticated" : reason]`,
        to: "denials[reason]",
      },
    ],
  },
  {
    file: "src/socket/upgrade.ts",
    tests: ["tests/socket/upgrade_test.ts"],
    faults: [
      {
        fault: "a credential is spoken as a subprotocol",
        from: "} else if (isCredential(value)) {",
        to: `} else if (value === "") {`,
      },
    ],
  },
  {
    file: "src/scope.ts",
    tests: ["tests/scope_test.ts"],
    faults: [
      {
        fault: "of several guards the first alone is asked again",
        from: "  before.judges = [...before.judges, ...judges];\n",
        to: "",
      },
    ],
  },

  // ---- the desk, and the program
  {
    file: "src/explanation.ts",
    tests: ["tests/explanation_test.ts"],
    faults: [
      {
        fault: "an attacker's URL gets into an explanation as it came",
        from: "parseHost(written) === null ? quote(shownPart(written)) : lowerAscii(written);",
        to: "lowerAscii(written);",
      },
      {
        fault: "an attacker's Host gets into an explanation as it came",
        from: `kind: "malformed", shown: quote(shownPart(value)) };`,
        to: `kind: "malformed", shown: shownPart(value) };`,
      },
      {
        fault: "an attacker's Origin gets into an explanation as it came",
        from: `value === null ? "absent" : quote(shownPart(value))`,
        to: `value === null ? "absent" : shownPart(value)`,
      },
    ],
  },
  {
    file: "src/explain/explain.ts",
    tests: ["tests/explain/explain_test.ts"],
    faults: [
      {
        fault: "an explanation forgets the Host",
        from: "const decision = check(handshake, policy);",
        to: `const decision = checkOrigin(handshake, policy, handshake.headers.get("host") ?? "");`,
      },
    ],
  },
  {
    file: "src/explain/case.ts",
    tests: ["tests/explain/case_test.ts"],
    faults: [
      {
        fault: "a list that is too long for a line of the log is searched all the same",
        from: "const isSearched = count <= (inPassing?.searchAtMost ?? Infinity);",
        to: "const isSearched = count <= Infinity;",
      },
    ],
  },
  {
    file: "src/explain/evidence.ts",
    tests: ["tests/explain/evidence_test.ts"],
    faults: [
      {
        fault: "the desk reads Sec-WebSocket-Protocol",
        from: `headers.get("user-agent") ?? ""`,
        to: `headers.get("user-agent") ?? headers.get("sec-websocket-protocol") ?? ""`,
      },
      {
        fault: "of several forwarded hosts the last counts",
        from: `.split(",", 1)[0]!.trim();`,
        to: `.split(",").at(-1)!.trim();`,
      },
    ],
  },
  {
    file: "src/explain/nearness.ts",
    tests: ["tests/explain/near_misses_test.ts"],
    faults: [
      {
        fault: "strangers below a shared suffix are siblings",
        from: " && whyShared(parent, suffixes) === null;",
        to: ";",
      },
    ],
  },
  {
    file: "src/explain/nearness.ts",
    tests: ["tests/explain/nearness_test.ts"],
    faults: [
      {
        fault: "a name that ends as a listed one is told as its subdomain",
        from: `if (host.endsWith("." + listed)) return "missing-subdomain-wildcard";`,
        to: `if (host.endsWith(listed)) return "missing-subdomain-wildcard";`,
      },
      {
        fault: "the default port of another scheme is another port",
        from: "port === defaultPort(scheme) && origin.port === defaultPort(origin.scheme);",
        to: "port === defaultPort(scheme) && origin.port === port;",
      },
    ],
  },
  {
    file: "src/explain/proxies.ts",
    tests: ["tests/causes_test.ts"],
    faults: [
      {
        fault: "a Host that was passed on is a proxy's own",
        from: "return tuple.host === host.host ? !isHostPassedOn(c) :",
        to: "return tuple.host === host.host ? true :",
      },
    ],
  },
  {
    file: "src/explain/proxies.ts",
    tests: ["tests/explain/proxies_test.ts", "tests/explain/causes_test.ts"],
    faults: [
      {
        fault: "a page of this machine is a proxy's without a proxy",
        from: "app !== null || !evidence.isForwarded) {",
        to: "app !== null) {",
      },
    ],
  },
  {
    file: "src/explain/causes.ts",
    tests: ["tests/explain/near_misses_test.ts"],
    faults: [
      {
        fault: "a look-alike is suggested",
        from: "but is a different name: ${hostOf(c)}`,\n",
        to: "but is a different name: ${hostOf(c)}`,\n    offer: itself,\n",
      },
      {
        fault: "a name that only begins as a listed one is suggested",
        from: "in front, but is a subdomain of ${owner}`;\n    },\n",
        to: "in front, but is a subdomain of ${owner}`;\n    },\n    offer: itself,\n",
      },
      {
        fault: "a wildcard is recommended where strangers can register names",
        from: "(whyShared(near.rule.host, c.suffixes) === null\n",
        to: "(c.suffixes === null\n",
      },
    ],
  },
  {
    file: "src/explain/causes.ts",
    tests: ["tests/explain/causes_test.ts"],
    faults: [
      {
        fault: "a login without Origin is told as a program",
        from: `test: (c) => c.reason === "origin-absent" && !carriesCredentials(c.handshake),`,
        to: `test: (c) => c.reason === "origin-absent",`,
      },
      {
        fault: "null is suggested",
        from: "Serve the page from an origin of its own`,\n",
        to:
          `Serve the page from an origin of its own\`,\n    offer: () => [{ field: "dangerouslyAllow", entry: "null", danger: null }],\n`,
      },
      {
        fault: "a program without a login is let in along with those that have one",
        from: `offer: () => absent("allow-without-credentials"),`,
        to: `offer: () => absent("allow"),`,
      },
    ],
  },
  {
    file: "src/explain/causes.ts",
    tests: ["tests/explain/nearest_test.ts"],
    faults: [
      {
        fault: "what is told where nothing else is so is told beside other causes",
        from: `code: "not-listed",\n    isLast: true,`,
        to: `code: "not-listed",`,
      },
    ],
  },
  {
    file: "src/explain/nearest.ts",
    tests: ["tests/explain/nearest_test.ts"],
    faults: [
      {
        fault: "what came less near has a suggestion too",
        from: "tell(c, it, index === 0)",
        to: "tell(c, it, index >= 0)",
      },
      {
        fault: "a line on the console says all that there is room for in a terminal",
        from: `const more = c.inPassing ? "" : cause.more?.(c, it) ?? "";`,
        to: `const more = cause.more?.(c, it) ?? "";`,
      },
    ],
  },
  {
    file: "src/explain/nearest.ts",
    tests: ["tests/explain/near_misses_test.ts"],
    faults: [
      {
        fault: "any number of near entries is named",
        from: "const MAX_NEAREST = 5;",
        to: "const MAX_NEAREST = 5000;",
      },
    ],
  },
  {
    file: "src/explain/suggestions.ts",
    tests: ["tests/explain/nearest_test.ts"],
    faults: [
      {
        fault: "the console recommends to switch debug on",
        from: `!["debug", "absent", "dangerouslyAllow"].includes(field)`,
        to: `!["absent", "dangerouslyAllow"].includes(field)`,
      },
    ],
  },
  {
    file: "src/explain/suggestions.ts",
    tests: ["tests/explain/suggestions_test.ts"],
    faults: [
      {
        fault: "a suggestion does not let its handshake in",
        from: "return changed !== null && check(c.handshake, changed).allowed;",
        to: "return changed !== null;",
      },
      {
        fault: "a page of this machine behind a proxy is a developer's",
        from: "isInner(host.host) && !evidence.isForwarded\n",
        to: "isInner(host.host)\n",
      },
      {
        fault: "a rebinding Host has a suggestion",
        from:
          "return tuple.host === host?.host && !isAddress(host.host) && !isLoopback(host.host) && c.near.size === 0 &&\n    !c.isHostListed;",
        to: "return false;",
      },
      {
        fault: "a name below a shared suffix has a suggestion",
        from:
          `  if (c.reason === "origin-not-allowed" && !isOwn && isStrangersName(c, tuple.host)) return true;\n`,
        to: "",
      },
      {
        fault: "a shared suffix itself has a suggestion",
        from: `if (own === "") return true;`,
        to: `if (own === "") return false;`,
      },
      {
        fault: "an entry whose name ends as a stranger's does names his",
        from: "rule.host.endsWith(`.${own}`)",
        to: 'rule.host.endsWith(own.slice(own.indexOf(".")))',
      },
      {
        fault: "what a proxy writes into every Origin has a suggestion",
        from: "  if (evidence.isForwarded && isInner(tuple.host) && c.app === null) return true;\n",
        to: "",
      },
    ],
  },
  {
    file: "src/explain/suggestions.ts",
    tests: ["tests/explain/near_misses_test.ts"],
    faults: [
      {
        fault: "an http page is suggested without its danger",
        from: `return scheme === "http" ? CLEARTEXT : null;`,
        to: "return null;",
      },
      {
        fault: "an address of a network is suggested without its danger",
        from: "  if (isInner(host)) return NETWORK;\n",
        to: "",
      },
    ],
  },
  {
    file: "src/explain/what_if.ts",
    tests: ["tests/explain/what_if_test.ts"],
    faults: [
      {
        fault: "what is unsafe is tried in every list",
        from: `(parsed.unsafe === null || field === "dangerouslyAllow")`,
        to: "(parsed.unsafe === null || field.length > 0)",
      },
      {
        fault: "what the list lets in by itself is forgotten with one entry more",
        from: "Math.min(findOrigin(origin), ofOrigins(origin))",
        to: "ofOrigins(origin)",
      },
    ],
  },
  {
    file: "src/explain/explanation_text.ts",
    tests: ["tests/explain/explanation_text_test.ts"],
    faults: [
      {
        fault: "a withheld suggestion is printed on the console",
        from: `if (suggestion === null || NOT_IN_PASSING.includes(code)) return "";`,
        to: `if (suggestion === null) return "";`,
      },
      {
        fault: "a line on the console leaves the danger out",
        from: "return `${howTo(suggestion)}${danger}`;",
        to: "return howTo(suggestion);",
      },
      {
        fault: "a line on the console does not say whose the site has to be",
        from: '${ONLY_IF[field] ?? ""}`;',
        to: "`;",
      },
    ],
  },
  {
    file: "src/explain/console_line.ts",
    tests: ["tests/explain/console_line_test.ts"],
    faults: [
      {
        fault: "a list of any length is searched for a line of the log",
        from: "const SEARCH_AT_MOST = 1000;",
        to: "const SEARCH_AT_MOST = Infinity;",
      },
    ],
  },
  {
    file: "src/explain/dangers.ts",
    tests: ["tests/explain/dangers_test.ts"],
    faults: [
      {
        fault: "an entry for the operator's own network makes a list public",
        from: "isWeb(rule) && !isOwnName(rule.host) && !isBindAddress(rule.host);",
        to: "isWeb(rule) && !isBindAddress(rule.host);",
      },
      {
        fault: "two alphabets in one name are no danger",
        from: "return used.length > 1 && used.some((index) => index > 1);",
        to: "return used.length > 2 && used.some((index) => index > 1);",
      },
    ],
  },
  {
    file: "src/explain/repeats.ts",
    tests: ["tests/explain/repeats_test.ts"],
    faults: [
      {
        fault: "an entry that allows more is covered by one that allows less",
        from: "for (const wider of widerThan(rule, host)) by",
        to: "for (const wider of [...widerThan(rule, host), { ...rule, host }]) by",
      },
    ],
  },
  {
    file: "src/explain/look_alike.ts",
    tests: ["tests/explain/look_alike_test.ts"],
    faults: [
      {
        fault: "r and n do not look like m",
        from: `.replaceAll("rn", "m")`,
        to: "",
      },
    ],
  },
  {
    file: "src/cli/arguments.ts",
    tests: ["tests/cli/arguments_test.ts"],
    faults: [
      {
        fault: "the last of an option that is given twice wins",
        from: `if (kind !== "many" && before.length > 0) throw`,
        to: `if (kind === "flag" && before.length > 0) throw`,
      },
    ],
  },
  {
    file: "src/cli/probe_verdict.ts",
    tests: ["tests/cli/probe_verdict_test.ts"],
    faults: [
      {
        fault: "a visible refusal is taken for an admission",
        from: `kind === "closed" && (closeCode === 1000 || closeCode === 1001)`,
        to: `kind === "closed"`,
      },
      {
        fault: "a server that refuses everybody withstands",
        from: `return areAlike(attack, own) ? "undecided" : "refused";`,
        to: `return "refused";`,
      },
      {
        fault: "a server that is gone withstands",
        from: `state !== "refused" && isLasting`,
        to: `state !== "refused"`,
      },
      {
        fault: "an attack without an answer is refused",
        from: `if (attack.kind === "silent" || attack.kind === "unreachable") return "undecided";`,
        to: "",
      },
    ],
  },
  {
    file: "src/cli/probe_target.ts",
    tests: ["tests/cli/probe_target_test.ts"],
    faults: [
      {
        fault: "any name that ends like localhost is this machine",
        from: `hostname.endsWith(".localhost")`,
        to: `hostname.endsWith("localhost")`,
      },
      {
        fault: "another machine is attacked without being asked for",
        from: "if (!mayBeElsewhere && !isLoopback(url.hostname)) {",
        to: "if (mayBeElsewhere && !isLoopback(url.hostname)) {",
      },
      {
        fault: "another machine's certificate is not checked",
        from: "isChecked: !isLoopback(hostname)",
        to: "isChecked: false",
      },
    ],
  },
  {
    file: "src/cli/probe_answer.ts",
    tests: ["tests/cli/probe_answer_test.ts"],
    faults: [
      {
        fault: "headers without end are read without end",
        from: "if (++this.#headBytes > MAX_HEAD_BYTES)",
        to: "if (++this.#headBytes > Infinity)",
      },
      {
        fault: "messages without end are read without end",
        from: "return this.#bytes > MAX_OPEN_BYTES ?",
        to: "return this.#bytes > Infinity ?",
      },
    ],
  },
  {
    file: "src/cli/judge.ts",
    tests: ["tests/cli/judge_test.ts"],
    faults: [
      {
        fault: "what the list refuses hides behind a fault of the handshake",
        from: "if (!isFirst && !explanation.decision.allowed) return",
        to: "if (!isFirst && explanation.decision.allowed) return",
      },
      {
        fault: "a scheme that nothing says is http",
        from: "if (!areSame(http, https)) return { dependsOnScheme: true, http, https };",
        to: "if (!areSame(http, https)) return { dependsOnScheme: false, one: http };",
      },
    ],
  },
  {
    file: "src/cli/copied_object.ts",
    tests: ["tests/cli/copied_object_test.ts"],
    faults: [
      {
        fault: "of a HAR the first request is taken, whatever it asks for",
        from: "readJson(log.entries.find(asksForSocket), draft)",
        to: "readJson(log.entries[0], draft)",
      },
    ],
  },
  {
    file: "src/cli/handshake_text.ts",
    tests: ["tests/cli/handshake_text_test.ts"],
    faults: [
      {
        fault: "the first value of a repeated header is forgotten",
        from: "before === undefined ? value : `${before}, ${value}`",
        to: "value",
      },
    ],
  },
  {
    file: "src/cli/tree.ts",
    tests: ["tests/cli/tree_test.ts"],
    faults: [
      {
        fault: "an entry with a wildcard allows its host in the tree",
        from: "if (reachesHost(rule)) node.entries.push(entry);",
        to: "node.entries.push(entry);",
      },
    ],
  },

  // ---- the test kit
  {
    file: "src/testing/attacks.ts",
    tests: ["tests/testing/attacks_test.ts"],
    faults: [
      {
        fault: "an own origin is an attack on another own page",
        from: "own.has(tupleOf(origin)) || finds(origin) !== NONE",
        to: "finds(origin) !== NONE",
      },
      {
        fault: "a site may trust everybody",
        from: `if (kind !== "any") continue;`,
        to: "continue;",
      },
    ],
  },
  {
    file: "src/testing/names.ts",
    tests: ["tests/testing/names_test.ts"],
    faults: [
      {
        fault: "a name beside the own one below a shared suffix is a sibling",
        from: "tail === suffix || whyShared(tail) !== null",
        to: `!tail.includes(".")`,
      },
    ],
  },
  {
    file: "src/testing/assertions.ts",
    tests: ["tests/testing/assertions_test.ts", "tests/testing/holes_test.ts"],
    faults: [
      {
        fault: "a handler that fails has refused",
        from: "status <= 499",
        to: "status <= 599",
      },
      {
        fault: "a reason is asked of a Response, which shows none",
        from: "if (reason !== undefined && !isPolicy(target)) throw new TypeError(NO_REASON);",
        to: "",
      },
    ],
  },

  // ---- the reference
  {
    file: "src/handler.ts",
    tests: ["tests/reference_test.ts"],
    faults: [
      {
        fault: "the reference has another status",
        from: "| `origin-null` | 403 |",
        to: "| `origin-null` | 400 |",
      },
    ],
  },
  {
    file: "src/matcher/matcher.ts",
    tests: ["tests/reference_test.ts"],
    faults: [
      {
        fault: "the reference shows as prohibited what is allowed",
        from: "`https://a.example.com` | `https://evilexample.com`",
        to: "`https://a.example.com` | `https://a.example.com`",
      },
    ],
  },
  {
    file: "src/socket/upgrade.ts",
    tests: ["tests/reference_test.ts"],
    faults: [
      {
        fault: "the reference has another default",
        from: "| `maxWaitingMessages` | 1,000 |",
        to: "| `maxWaitingMessages` | 100 |",
      },
    ],
  },
  {
    file: "src/verdict/policy.ts",
    tests: ["tests/reference_test.ts"],
    faults: [
      {
        fault: "an option nobody has documented",
        from: `  "debug",\n] as const`,
        to: `  "debug",\n  "trust",\n] as const`,
      },
    ],
  },
];

/** Every mutant. */
export const MUTANTS: readonly Mutant[] = GROUPS.flatMap(({ file, tests, runtime = "deno", faults }) =>
  faults.map((fault) => ({ ...fault, file, tests, runtime }))
);
