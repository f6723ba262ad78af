/**
 * JSON for a terminal.
 */

/** JSON in ASCII: what an operator wrote may hold characters that a terminal obeys or turns around. */
export function json(value: unknown): string {
  let text;
  try {
    text = JSON.stringify(value, null, 2);
  } catch {
    text = '"nested too deeply to be written"';
  }
  return text.replace(/[^\n\x20-\x7e]/g, (char) => "\\u" + char.charCodeAt(0).toString(16).padStart(4, "0"));
}
