/**
 * What `assertWithstands` finds fault with, by name.
 *
 * @module
 */

import { assertWithstands, type Site, type Target } from "@wsgate/wsgate/testing";

/** The attacks that are not refused, and the own pages that are not let in, as `own ORIGIN`, in their order. */
export async function failuresOf(target: Target, site: Site): Promise<string[]> {
  const message = await messageOf(() => assertWithstands(target, site));
  return Array.from(
    message.matchAll(/^- (?:The (own) page (\S+):|([a-z0-9-]+), made from )/gm),
    ([, own, origin, name]) => own === undefined ? name! : `own ${origin}`,
  );
}

/** What an assertion says; "": it holds. What is no failed assertion is thrown on. */
export async function messageOf(assertion: () => Promise<void>): Promise<string> {
  try {
    await assertion();
    return "";
  } catch (error) {
    if (!(error instanceof Error) || error.constructor !== Error) throw error;
    return error.message;
  }
}
