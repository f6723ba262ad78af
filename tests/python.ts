/**
 * A Python that has `websockets`.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { assert } from "@std/assert";

/** The first that has it. Debian's own comes second: a newer one often stands before it. */
const found = ["python3", "/usr/bin/python3"].find((command) =>
  spawnSync(command, ["-c", "import websockets"], { timeout: 30_000 }).status === 0
);

/** Why its tests are skipped; false: they are not. */
export const skipWithoutPython: string | false =
  found === undefined && process.env["WSGATE_REQUIRE_PYTHON_WEBSOCKETS"] !== "1"
    ? "Python's websockets is not installed (Debian: python3-websockets)"
    : false;

/** Its command. */
export function python(): string {
  assert(found !== undefined, "WSGATE_REQUIRE_PYTHON_WEBSOCKETS=1, and no Python has websockets");
  return found;
}
