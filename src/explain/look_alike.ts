/**
 * Names that a reader takes for one another: `xn--exmple-cua.com` is shown as `exämple.com`.
 *
 * For explanations only, never for a verdict: the table below is a short one, of letters that are drawn alike in most
 * fonts (compare UTS #39, which has thousands).
 */

/** Letters that look like the ones they stand beside here; accents need no entry. */
const CONFUSABLE: ReadonlyMap<string, string> = /* @__PURE__ */ readConfusable(
  "aаαɑ bьß cсϲ dԁđ eеε gɡց hһħհ iіιı jј kкκ lӏł1 mм nոп oоο0øօσ pрρ qԛ rг sѕ tтτŧ uυս vνѵ wԝω xхχ yуγ zᴢ",
);

function readConfusable(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(" ").flatMap(([latin, ...others]) => others.map((letter) => [letter, latin!] as const)),
  );
}

/** What `host` looks like, as letters of one alphabet: equal for two names that a reader takes for one another. */
export function skeleton(host: string): string {
  const letters = Array.from(
    readable(host).normalize("NFKD").replace(/\p{M}/gu, ""),
    (letter) => CONFUSABLE.get(letter) ?? letter,
  );
  return letters.join("").replaceAll("rn", "m").replaceAll("vv", "w");
}

/** A host with its punycode decoded; what cannot be decoded stays as it is. */
export function readable(host: string): string {
  return host.split(".").map((label) =>
    label.startsWith("xn--") ? decodePunycode(label.slice(4)) || label : label
  ).join(".");
}

/** RFC 3492 §6.2. Null: no punycode. A label has 59 digits at most, so nothing here can grow. */
function decodePunycode(text: string): string | null {
  const dash = text.lastIndexOf("-");
  const output = Array.from(text.slice(0, Math.max(dash, 0)), (char) => char.codePointAt(0)!);
  let codePoint = 128;
  let index = 0;
  let bias = 72;
  let at = dash + 1;
  while (at < text.length) {
    const before = index;
    let weight = 1;
    for (let k = 36;; k += 36) {
      const digit = "abcdefghijklmnopqrstuvwxyz0123456789".indexOf(text.charAt(at++) || "?");
      if (digit < 0) return null;
      index += digit * weight;
      const threshold = Math.min(Math.max(k - bias, 1), 26);
      if (digit < threshold) break;
      weight *= 36 - threshold;
    }
    const length = output.length + 1;
    bias = adapt(index - before, length, before === 0);
    codePoint += Math.floor(index / length);
    index %= length;
    // Surrogates are no characters, and String.fromCodePoint throws beyond the last one.
    if (codePoint > 0x10ffff || codePoint >= 0xd800 && codePoint < 0xe000) return null;
    output.splice(index++, 0, codePoint);
  }
  return output.map((code) => String.fromCodePoint(code)).join("");
}

/** RFC 3492 §6.1. */
function adapt(delta: number, length: number, first: boolean): number {
  let rest = Math.floor(delta / (first ? 700 : 2));
  rest += Math.floor(rest / length);
  let k = 0;
  for (; rest > 455; k += 36) rest = Math.floor(rest / 35);
  return k + Math.floor(36 * rest / (rest + 38));
}
