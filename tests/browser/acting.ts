/** What a test does in a page, and how it looks at one. */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { assertEquals } from "@std/assert";
import type { Page } from "puppeteer-core";

/** Waits until an expression is true in the page; what it said last is the failure's message. */
export async function until(page: Page, expression: string, what = expression): Promise<void> {
  const end = Date.now() + 25_000;
  while (!await page.evaluate(`Boolean(${expression})`)) {
    if (Date.now() > end) {
      throw new Error(`It never came to: ${what}\n${await page.evaluate("document.body.innerText")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What an element says. */
export const text = (page: Page, selector: string) =>
  page.evaluate(`document.querySelector(${JSON.stringify(selector)}).textContent`) as Promise<string>;

/** Writes into a field as a user does, as far as the page can tell. */
export const write = (page: Page, field: string, value: string) =>
  page.evaluate(`{
    const field = document.querySelector("${field}");
    field.value = ${JSON.stringify(value)};
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }`);

/** Presses Tab until an element has the focus, and can be seen to have it. */
export async function tabInto(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press("Tab");
    if (!await page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) continue;
    assertEquals(
      await page.evaluate("getComputedStyle(document.activeElement).outlineStyle"),
      "solid",
      selector,
    );
    return;
  }
  throw new Error(`The Tab key does not come to ${selector}`);
}

/** For people to look at. */
export function keep(name: string, picture: Uint8Array): void {
  const folder = process.env.WSGATE_PICTURES;
  if (folder !== undefined) writeFileSync(`${folder}/${name}`, picture);
}
