/** What the page begins with, and what can be tried with one press. */

import type { WrittenPolicy } from "../../lab/pages/policy_code.ts";

export const FIRST: { readonly policy: WrittenPolicy; readonly origin: string; readonly host: string } = {
  policy: { origins: ["https://app.example.com", "https://*.example.org", ".example.net"] },
  origin: "https://app.example.com:8443",
  host: "ws.example.com",
};

/** For the list; some are wrong, and say so. */
export const ENTRIES = [
  "'self'",
  "http://localhost:5173",
  "https://bücher.example",
  "capacitor://localhost",
  "https://example.com/",
  "*.github.io",
  "*",
];

/** By what the button says. */
export const ASKERS: Readonly<Record<string, string>> = {
  "https://app.example.com": "https://app.example.com",
  "https://example.org": "https://example.org",
  "https://app.example.com.evil.test": "https://app.example.com.evil.test",
  "null": "null",
  "no Origin": "",
};

const CHROMIUM = `GET wss://ws.example.com/chat HTTP/1.1
Host: ws.example.com
Connection: Upgrade
Upgrade: websocket
Origin: http://app.example.com
Sec-WebSocket-Version: 13
Cookie: session=what-stands-here-is-never-shown
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==`;

const CURL = `* Connected to ws.example.com (192.0.2.7) port 443
> GET /chat HTTP/1.1
> Host: ws.example.com
> Upgrade: websocket
> Connection: Upgrade
> Origin: https://example.org
>
< HTTP/1.1 403 Forbidden`;

/** By what the button says. */
export const HANDSHAKES: Readonly<Record<string, string>> = { "a browser’s": CHROMIUM, "curl -v": CURL };
