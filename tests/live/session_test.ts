import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { readSession } from "../../src/live/session.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);
const NOW = 1.8e12;

describe("a session", () => {
  it("is copied with what it needs, and frozen: a token beside it is not kept", () => {
    const rows: [given: Record<string, unknown>, read: Record<string, unknown>][] = [
      [{ id: "a", token: "secret", userAgent: "x" }, { id: "a" }],
      [{ id: "a", expiresAt: NOW, subject: undefined, startedAt: undefined }, { id: "a", expiresAt: NOW }],
      [{ id: "a", startedAt: NOW }, { id: "a", startedAt: NOW }],
      [{ id: "a", subject: "ada", startedAt: NOW, expiresAt: NOW + 0.5 }, {
        id: "a",
        subject: "ada",
        startedAt: NOW,
        expiresAt: NOW + 0.5,
      }],
      [{ id: "a", expiresAt: 1e11 }, { id: "a", expiresAt: 1e11 }],
    ];
    eachRow(rows, ([given, read]) => {
      const session = readSession(given);
      assertEquals({ ...session } as Record<string, unknown>, read);
      assert(Object.isFrozen(session));
    });
  });

  it("that cannot be one is a mistake that says what is wrong", () => {
    const rows: [name: string, given: unknown][] = [
      ["undefined", undefined],
      ["a text", "a"],
      ["a promise", Promise.resolve({ id: "a" })],
      ["no id", {}],
      ["an empty id", { id: "" }],
      ["an id that is null", { id: null }],
      ["an id that is a number", { id: 7 }],
      ["an empty subject", { id: "a", subject: "", startedAt: NOW }],
      ["a subject that is null", { id: "a", subject: null, startedAt: NOW }],
      ["a subject without a start", { id: "a", subject: "ada" }],
      ["a start in seconds", { id: "a", subject: "ada", startedAt: NOW / 1000 }],
      ["an end in seconds", { id: "a", expiresAt: NOW / 1000 }],
      ["an end that is a Date", { id: "a", expiresAt: new Date(NOW) }],
      ["an end that is a text", { id: "a", expiresAt: "2027-01-01" }],
      ["an end that is no number", { id: "a", expiresAt: NaN }],
      ["an end that never comes", { id: "a", expiresAt: Infinity }],
      ["an end before all time", { id: "a", expiresAt: -1 }],
      ["a start that is null", { id: "a", startedAt: null }],
    ];
    eachRow(rows, ([name, given]) => {
      words.assert(name, assertThrows(() => readSession(given), TypeError).message);
    });
  });
});

words.end();
