/**
 * Text that somebody else chose, made fit for a log and a terminal.
 */

/**
 * `value` for one line of a log: printable ASCII, JSON-escaped, `max` characters at most. Never throws. What comes
 * from a client goes through here, so that no control or bidirectional character reaches a terminal raw.
 */
export function quote(value: unknown, max = 80): string {
  let text: string;
  if (typeof value === "string") {
    // Cut first: the escaping below must not cost more for a long value.
    text = JSON.stringify(value.slice(0, max));
  } else if (typeof value === "function") {
    text = "(a function)";
  } else {
    try {
      // Of a regular expression JSON shows nothing.
      text = value instanceof RegExp
        ? String(value)
        : typeof value === "object"
        ? JSON.stringify(value) ?? "(an object)"
        : String(value);
    } catch {
      text = "(an object)";
    }
    text = text.slice(0, max + 1);
  }
  text = escapeNonAscii(text);
  return text.length <= max ? text : text.slice(0, max - 3) + "...";
}

/** All but printable ASCII as JSON escapes it. */
export function escapeNonAscii(text: string): string {
  return text.replace(
    /[^\x20-\x7e]/g,
    (char) => "\\u" + char.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

/** What user code threw, for a line of a log. Never throws. */
export function quoteCause(cause: unknown): string {
  try {
    return quote(String(cause), 200);
  } catch {
    return "(what was thrown cannot be printed)";
  }
}
