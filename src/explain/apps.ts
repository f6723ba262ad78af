/**
 * Origins that are no web page's: of apps that bring their pages along, and of extensions of browsers and editors.
 */

import { defaultPort } from "../origin/authority.ts";
import type { TupleOrigin } from "../origin/origin.ts";
import { quote } from "../quote.ts";

/** Whose an origin is. */
export interface App {
  /** What its pages belong to, for a sentence. */
  readonly name: string;
  /** The origin that the same framework has elsewhere, and where; null: none is known. */
  readonly also: readonly [origin: string, where: string] | null;
  /** Who else sends this origin; null: nobody. */
  readonly danger: string | null;
}

type Framework = readonly [origin: RegExp, name: string, also?: App["also"]];

/** By the origin, without a default port. */
const FRAMEWORKS: readonly Framework[] = [
  [/^https:\/\/localhost$/, "Capacitor, Ionic or Cordova on Android", ["capacitor://localhost", "iOS"]],
  [/^capacitor:/, "Capacitor on iOS", ["https://localhost", "Android"]],
  [/^ionic:/, "Ionic on iOS", ["https://localhost", "Android"]],
  [/^tauri:/, "Tauri on macOS, Linux or iOS", ["http://tauri.localhost", "Windows and Android"]],
  [/^https?:\/\/tauri\.localhost$/, "Tauri on Windows or Android", ["tauri://localhost", "macOS and Linux"]],
  [/^wails:/, "Wails on macOS or Linux", ["http://wails.localhost", "Windows"]],
  [/^https?:\/\/wails\.localhost$/, "Wails on Windows", ["wails://wails", "macOS and Linux"]],
  [/^https:\/\/appassets\.androidplatform\.net$/, "Android's WebViewAssetLoader"],
  [/^https:\/\/0\.0\.0\.[01]$/, ".NET MAUI on Android or Windows", ["app://0.0.0.1", "iOS and macOS"]],
  [/^app:/, "Electron, or another app shell"],
  [/^vscode-file:/, "VS Code on the desktop"],
  [/^exp:/, "Expo"],
];

/** Schemes that the web has, or that say another thing of themselves. */
const NO_APP = ["http", "https", "ws", "wss", "file"];

/** The app whose pages send this origin; null: it is no app's. `hasLocal`: the list names hosts of this machine. */
export function appOf(origin: TupleOrigin, hasLocal: boolean): App | null {
  const { scheme, host, port } = origin;
  const text = `${scheme}://${host}${port === defaultPort(scheme) ? "" : `:${port}`}`;
  // Where localhost is listed, its other ports and schemes are a developer's.
  if (text === "https://localhost" && hasLocal) return null;
  const framework = FRAMEWORKS.find(([form]) => form.test(text));
  if (framework === undefined && (NO_APP.includes(scheme) || instanceEntry(origin) !== null)) return null;
  if (framework === undefined && /^chrome-extension$/.test(scheme)) {
    return { name: "one browser extension", also: null, danger: null };
  }
  const [, name, also = null] = framework ?? [null, `apps that use the scheme ${scheme}`];
  return { name, also, danger: `every app built with ${name} sends this origin and can connect` };
}

/** What the same framework sends on other systems, as a sentence; "": nothing is known. */
export function elsewhere({ also }: App): string {
  return also === null ? "" : `The same framework sends ${quote(also[0])} on ${also[1]}: list both`;
}

/** A UUID, or so many letters and digits that nobody has chosen them. */
const MADE_UP = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$|^(?:[^.a-z0-9]*[a-z0-9]){32}/;

/** The entry for an origin whose host is made anew for each install, window or session; null: it is not. */
export function instanceEntry({ scheme, host }: TupleOrigin): string | null {
  if (scheme === "chrome-extension") return null;
  if (scheme === "https") {
    const [label, ...parent] = host.split(".");
    return parent.length > 1 && MADE_UP.test(label!) ? `https://*.${parent.join(".")}` : null;
  }
  if (NO_APP.includes(scheme)) return null;
  return scheme === "moz-extension" || scheme === "vscode-webview" || MADE_UP.test(host)
    ? `${scheme}://*`
    : null;
}

/** Who else sends what such an entry admits. */
export function dangerOfInstances(entry: string): string {
  return entry === "moz-extension://*"
    ? "every Firefox extension of a visitor can connect"
    : entry === "vscode-webview://*"
    ? "every extension of a visitor's VS Code can connect"
    : entry.startsWith("https:")
    ? `every host below ${entry.slice("https://*.".length)} can connect, whoever gets one`
    : `every app and extension that uses ${entry} can connect`;
}
