/** Code that is shown, and a button that copies it. */

/**
 * Copies what `shown` holds when `button` is pressed, and tells so in `said`. Where the browser does not let a page write
 * to the clipboard (over plain HTTP, from another machine), the text is selected, and one key is left to press.
 *
 * @returns Shows another text. The same again takes neither a selection nor what is said away.
 */
export function copyable(
  button: HTMLButtonElement,
  shown: HTMLElement,
  said: HTMLElement,
): (text: string) => void {
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(shown.textContent ?? "");
      said.textContent = "Copied.";
    } catch {
      getSelection()?.selectAllChildren(shown);
      said.textContent = "Selected: copy it with Ctrl+C or ⌘C.";
    }
  };
  return (text) => {
    if (shown.textContent === text) return;
    shown.textContent = text;
    said.textContent = "";
  };
}
