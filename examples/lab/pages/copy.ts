/** A button that copies what an element shows. */

/**
 * Copies the text of `shown` when `button` is pressed, and tells so in `said`. Where the browser does not let a page
 * write to the clipboard (over plain HTTP, from another machine), the text is selected, and one key is left to press.
 */
export function copyOnPress(button: HTMLButtonElement, shown: HTMLElement, said: HTMLElement): void {
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(shown.textContent ?? "");
      said.textContent = "Copied.";
    } catch {
      getSelection()?.selectAllChildren(shown);
      said.textContent = "Selected: copy it with Ctrl+C or ⌘C.";
    }
  };
}
