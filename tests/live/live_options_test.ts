import { describe, it } from "node:test";
import { assertEquals, assertStrictEquals } from "@std/assert";
import { createLiveSockets, memoryStore } from "@wsgate/wsgate/live";
import { readLiveOptions } from "../../src/live/live_options.ts";
import { faultsOf, untyped } from "../doubles.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

describe("the options of live sockets", () => {
  it("have what is usual where they say nothing", () => {
    const { store, ...rest } = readLiveOptions({ longestSessionSeconds: 60 });
    assertEquals(rest, {
      longestSessionSeconds: 60,
      pollSeconds: 2,
      timeoutSeconds: 5,
      revalidateSeconds: 1800,
      revalidate: undefined,
    });
    assertEquals(typeof store.append, "function");
    const own = memoryStore();
    assertStrictEquals(readLiveOptions({ longestSessionSeconds: 60, store: own }).store, own);
  });

  it("may be anything in their ranges", () => {
    const revalidate = () => true;
    const rows: Record<string, unknown>[] = [
      { longestSessionSeconds: 1 },
      { longestSessionSeconds: 315_360_000 },
      { pollSeconds: 0.1 },
      { pollSeconds: 60 },
      { timeoutSeconds: 0.001 },
      { timeoutSeconds: 60 },
      { revalidate, revalidateSeconds: 1 },
      { revalidate, revalidateSeconds: 86_400 },
    ];
    eachRow(rows, (options) => {
      const read = readLiveOptions({ longestSessionSeconds: 60, ...options }) as unknown as Record<
        string,
        unknown
      >;
      for (const [name, value] of Object.entries(options)) assertEquals(read[name], value);
    });
  });

  it("that cannot be used are faults, all at once", () => {
    const rows: [name: string, options: unknown, faults: string[]][] = [
      ["nothing", undefined, ["wrong-type options -1", "out-of-range longestSessionSeconds -1"]],
      ["no memory", {}, ["out-of-range longestSessionSeconds -1"]],
      ["too short a memory", { longestSessionSeconds: 0.9 }, ["out-of-range longestSessionSeconds -1"]],
      ["milliseconds", { longestSessionSeconds: 3.6e9 }, ["out-of-range longestSessionSeconds -1"]],
      ["a text", { longestSessionSeconds: "60" }, ["out-of-range longestSessionSeconds -1"]],
      ["not a number", { longestSessionSeconds: NaN }, ["out-of-range longestSessionSeconds -1"]],
      ["all too small", { longestSessionSeconds: 60, pollSeconds: 0.09, timeoutSeconds: 0 }, [
        "out-of-range pollSeconds -1",
        "out-of-range timeoutSeconds -1",
      ]],
      ["all too large", { longestSessionSeconds: 60, pollSeconds: 61, timeoutSeconds: 61 }, [
        "out-of-range pollSeconds -1",
        "out-of-range timeoutSeconds -1",
      ]],
      ["an unknown one", { longestSessionSeconds: 60, poll: 1 }, ["unknown-option poll -1"]],
      ["a store that is none", { longestSessionSeconds: 60, store: new Map() }, ["wrong-type store -1"]],
      ["a store that is null", { longestSessionSeconds: 60, store: null }, ["wrong-type store -1"]],
      ["nobody to ask", { longestSessionSeconds: 60, revalidateSeconds: 60 }, [
        "missing-option revalidate -1",
      ]],
      ["what cannot be asked", { longestSessionSeconds: 60, revalidate: true }, ["wrong-type revalidate -1"]],
      ["asked too seldom", { longestSessionSeconds: 60, revalidate: () => true, revalidateSeconds: 86_401 }, [
        "out-of-range revalidateSeconds -1",
      ]],
      ["asked too often", { longestSessionSeconds: 60, revalidate: () => true, revalidateSeconds: 0 }, [
        "out-of-range revalidateSeconds -1",
      ]],
    ];
    eachRow(rows, ([name, options, faults]) => {
      const make = () => createLiveSockets(untyped(options));
      assertEquals(faultsOf(make, (fault, fix) => words.assert(`${name}: ${fault}`, fix)), faults);
    });
  });
});

words.end();
