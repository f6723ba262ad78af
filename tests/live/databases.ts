/**
 * The SQLite databases that each runtime has.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SqliteDatabase } from "@wsgate/wsgate/live";
import { runtime } from "../runtime.ts";

/** An open database. */
export type Database = SqliteDatabase & { close(): void };
/** Where each kind comes from. */
export type DatabaseKind = "node:sqlite" | "bun:sqlite";

/** What this runtime has. */
export const DATABASES: readonly DatabaseKind[] = runtime === "deno"
  ? ["node:sqlite"]
  : ["bun:sqlite", "node:sqlite"];

/** Opens a file, which is made where there is none. */
export async function openDatabase(kind: DatabaseKind, file: string): Promise<Database> {
  // Not a literal: neither runtime's checker knows the other's module.
  const { DatabaseSync, Database } = await import(kind as string);
  return kind === "node:sqlite" ? new DatabaseSync(file) : new Database(file);
}

/** A folder for database files, and how it is removed. */
export function folderOfDatabases(): { readonly file: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "wsgate-sqlite-"));
  return { file: join(folder, "sockets.db"), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
