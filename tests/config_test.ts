// The faults of a configuration, and how they and what clients send are put into words.

import { describe, test } from "node:test";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertLessOrEqual,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { compileOrigins, ConfigError, type ConfigIssue } from "@wsgate/wsgate";
import {
  checkChoice,
  checkFunction,
  checkNumber,
  type NumberRange,
  readOptions,
  throwIfAny,
} from "../src/config.ts";
import { eachRow } from "./rows.ts";
import { wordsOf } from "./words.ts";

const words = wordsOf(import.meta.url);

const PATH: ConfigIssue = {
  code: "path",
  field: "origins",
  index: 3,
  value: "https://example.com/",
  fix: "Leave the path out.",
};
const TYPE: ConfigIssue = {
  code: "wrong-type",
  field: "debug",
  index: -1,
  value: "false",
  fix: "Give true.",
};

describe("ConfigError", () => {
  test("is an Error with a name of its own", () => {
    const error = new ConfigError([PATH]);
    assertInstanceOf(error, Error);
    assertInstanceOf(error, ConfigError);
    assertEquals(error.name, "ConfigError");
    assertEquals(String(error).split(":")[0], "ConfigError");
  });

  test("says each fault in a line of its own: where, what was given, the code, the fix", () => {
    const [head, ...lines] = new ConfigError([PATH]).message.split("\n");
    assertEquals(lines, ['  origins[3] "https://example.com/" (path): Leave the path out.']);
    words.assert("one fault", head!);
    const { message } = new ConfigError([PATH, TYPE, { ...PATH, index: 0, value: undefined }]);
    const [headOfThree, ...three] = message.split("\n");
    assertEquals(three, [
      '  origins[3] "https://example.com/" (path): Leave the path out.',
      '  debug "false" (wrong-type): Give true.',
      "  origins[0] undefined (path): Leave the path out.",
    ]);
    assertStringIncludes(headOfThree!, "(3 problems)");
    words.assert("three faults", headOfThree!);
  });

  test("quotes the value, so that it cannot start a line or color a terminal", () => {
    const { message } = new ConfigError([{ ...PATH, value: "a\nb\x1b[31m\u202e" + "x".repeat(10_000) }]);
    assertEquals(message.split("\n").length, 2);
    assertMatch(message, /^[\x20-\x7e\n]*$/);
    assertLessOrEqual(message.length, 250);
  });

  test("nor can the name of an option that does not exist", () => {
    const issues: ConfigIssue[] = [];
    readOptions({ "a\nb\x1b[31m\u202e": 1 }, ["debug"], issues);
    const { message } = new ConfigError(issues);
    assertEquals(message.split("\n").length, 2);
    assertMatch(message, /^[\x20-\x7e\n]*$/);
  });

  test("keeps the issues as they were, frozen", () => {
    const given = [{ ...PATH }, { ...TYPE }];
    const error = new ConfigError(given);
    given[0]!.fix = "something else";
    given.pop();
    assertEquals(error.issues, [PATH, TYPE]);
    assert(Object.isFrozen(error.issues));
    eachRow(error.issues, (issue) => assert(Object.isFrozen(issue)));
    assertThrows(() => (error.issues as ConfigIssue[]).push(PATH), TypeError);
    assertThrows(() => Object.assign(error.issues[0]!, { code: "empty" }), TypeError);
  });

  test("does not freeze what was given", () => {
    const value = { a: 1 };
    const issue = { ...TYPE, value };
    const { issues } = new ConfigError([issue]);
    assertEquals(issues[0]!.value === value, true);
    assert(!Object.isFrozen(value));
    assert(!Object.isFrozen(issue));
  });
});

describe("throwIfAny", () => {
  test("throws all the faults, or nothing", () => {
    throwIfAny([]);
    assertEquals(assertThrows(() => throwIfAny([PATH]), ConfigError).issues, [PATH]);
    const { issues } = assertThrows(() => throwIfAny([PATH, TYPE]), ConfigError);
    assertEquals(issues, [PATH, TYPE]);
  });
});

describe("readOptions", () => {
  const known = ["origins", "debug"];
  const read = (options: unknown) => {
    const issues: ConfigIssue[] = [];
    return { read: readOptions(options, known, issues), issues };
  };

  test("gives the known options of a plain object, each as it was given", () => {
    const origins = ["https://example.com"];
    const given: { origins?: string[]; debug?: unknown }[] = [
      ...[{}, { debug: 1 }, { origins, debug: undefined }, Object.freeze({ origins })],
    ];
    eachRow(given, (options) => {
      const { read: values, issues } = read(options);
      assertEquals(issues, []);
      assertEquals({ ...values }, { ...options });
      assert(values?.origins === options.origins);
    });
    const bare = Object.assign(Object.create(null), { debug: true });
    assertEquals(read(bare).issues, []);
    assertEquals(read(bare).read?.debug, true);
  });

  test("inherits nothing", () => {
    const { read: values } = read({ debug: true });
    assertEquals(Object.getPrototypeOf(values), null);
    eachRow(["constructor", "toString", "__proto__"], (name) => assertEquals(values?.[name], undefined));
  });

  test("reads each option once, and keeps what it read", () => {
    let reads = 0;
    const options = {
      get debug() {
        return ++reads;
      },
    };
    const { read: values } = read(options);
    assertEquals([values?.debug, values?.debug, reads], [1, 1, 1]);
    const given: { debug?: unknown } = { debug: true };
    const kept = read(given).read;
    delete given.debug;
    assertEquals(kept?.debug, true);
  });

  test("refuses what is no plain object", () => {
    class Options {
      get origins() {
        return ["*"];
      }
    }
    const others = [
      ...[undefined, null, true, 7, "debug", [], ["debug"], () => {}, Symbol(), 1n],
      ...[new Options(), new Map([["debug", true]]), Object.create({ debug: true }), new Date(), /x/],
    ];
    eachRow(others, (options) => {
      const { read: values, issues } = read(options);
      assertEquals(values, null);
      assertEquals(issues.length, 1);
      const { code, field, index, value, fix } = issues[0]!;
      assertEquals([code, field, index], ["wrong-type", "options", -1]);
      assert(value === options);
      words.assert("options that are no plain object", fix);
    });
  });

  test("names the nearest option that there is", () => {
    eachRow([
      ["orgins", "origins"],
      ["Debug", "debug"],
      ["dangerouslyAlow", "dangerouslyAllow"],
      ["allowed_hosts", "allowedHosts"],
      ["wholly-other", null],
    ], ([name, near]) => {
      const issues: ConfigIssue[] = [];
      readOptions({ [name!]: 1 }, ["origins", "debug", "dangerouslyAllow", "allowedHosts"], issues);
      const meant = /Did you mean "(.*?)"/.exec(issues[0]!.fix)?.[1] ?? null;
      assertEquals(meant, near);
    });
  });

  test("names the argument that is no object, where it is not called options", () => {
    const issues: ConfigIssue[] = [];
    assertEquals(readOptions([], known, issues, "protocols"), null);
    readOptions({ other: 1 }, known, issues, "protocols");
    assertEquals(issues.map(({ code, field }) => [code, field]), [
      ["wrong-type", "protocols"],
      ["unknown-option", "other"],
    ]);
  });

  test("names every unknown key, and goes on with the known ones", () => {
    const { read: values, issues } = read({
      origin: ["https://example.com"],
      debug: true,
      Debug: false,
      constructor: 1,
    });
    assertEquals(issues.map(({ fix: _, ...fault }) => fault), [
      { code: "unknown-option", field: "origin", index: -1, value: ["https://example.com"] },
      { code: "unknown-option", field: "Debug", index: -1, value: false },
      { code: "unknown-option", field: "constructor", index: -1, value: 1 },
    ]);
    eachRow(issues, ({ field, fix }) => words.assert(`an option ${field}, of origins and debug`, fix));
    assertEquals(values?.debug, true);
    const proto = read(JSON.parse('{"__proto__": {"debug": true}}'));
    assertEquals(proto.issues.map(({ code, field }) => [code, field]), [["unknown-option", "__proto__"]]);
    assertEquals(proto.read?.debug, undefined);
  });

  test("is what stands before every list of options", () => {
    // A misspelt option must not be silence.
    const options = { dangerouslyAlow: ["null"] } as Record<string, unknown>;
    const { issues } = assertThrows(() => compileOrigins(["nonsense/"], options), ConfigError);
    assertEquals(issues.map(({ code, field }) => [code, field]), [
      ["path", "origins"],
      ["unknown-option", "dangerouslyAlow"],
    ]);
  });
});

describe("checkChoice", () => {
  const choices = ["deny", "allow", true] as const;
  const read = (value: unknown) => {
    const issues: ConfigIssue[] = [];
    return [checkChoice({ absent: value }, "absent", choices, issues), issues] as const;
  };

  test("gives one of the values, or undefined where it is left out", () => {
    eachRow([...choices, undefined], (value) => assertEquals(read(value), [value, []]));
    assertEquals(checkChoice({}, "absent", choices, []), undefined);
  });

  test("refuses everything else, what looks the same included", () => {
    eachRow(["Deny", "", "true", 1, false, null, NaN, ["deny"], new String("deny"), {}], (value) => {
      const [choice, [issue, ...more]] = read(value);
      assertEquals([choice, more], [undefined, []]);
      const { fix, ...fault } = issue!;
      assertEquals(fault, { code: "wrong-type", field: "absent", index: -1, value });
      eachRow(choices, (choice) => assertStringIncludes(fix, JSON.stringify(choice)));
      words.assert('none of "deny", "allow" and true', fix);
    });
  });
});

describe("checkFunction", () => {
  test("lets functions of all kinds pass, and nothing else", () => {
    eachRow([() => {}, async () => {}, function () {}, class {}, Math.max], (value) => {
      const issues: ConfigIssue[] = [];
      checkFunction(value, "handler", issues);
      assertEquals(issues, []);
    });
    eachRow([undefined, null, {}, "f", 1, Promise.resolve(() => {}), { fetch() {} }], (value) => {
      const issues: ConfigIssue[] = [];
      checkFunction(value, "handler", issues);
      const [issue, ...more] = issues;
      const { fix, ...fault } = issue!;
      assertEquals([fault, ...more], [{ code: "wrong-type", field: "handler", index: -1, value }]);
      words.assert("no function", fix);
    });
  });
});

describe("checkNumber", () => {
  const ranges:
    readonly (readonly [range: NumberRange, good: readonly unknown[], bad: readonly unknown[]])[] = [
      [{ least: 1, most: 10, usual: 5 }, [1, 1.5, 10, undefined], [
        0.9,
        10.1,
        NaN,
        Infinity,
        "5",
        5n,
        null,
        true,
      ]],
      [{ least: 1, most: 10, whole: true }, [1, 10], [1.5, 0, 11, undefined]],
      [{ least: Number.MIN_VALUE, most: 1, usual: 1 }, [1e-9, 1], [0, -1, 1.1]],
      // What is usual is allowed although it is beyond.
      [{ least: 1, most: 10, usual: Infinity, whole: true }, [Infinity, undefined], [-Infinity, 11]],
    ];
  for (const field of ["limit", "waitSeconds"]) {
    test(`of ${field}: a number in the range, or what is usual`, () => {
      for (const [range, good, bad] of ranges) {
        eachRow(good, (value) => {
          const issues: ConfigIssue[] = [];
          const options = value === undefined ? {} : { [field]: value };
          assertEquals<unknown>(checkNumber(options, field, range, issues), value ?? range.usual);
          assertEquals(issues, []);
        });
        eachRow(bad, (value) => {
          const issues: ConfigIssue[] = [];
          checkNumber({ [field]: value }, field, range, issues);
          const [issue, ...more] = issues;
          const { fix, ...fault } = issue!;
          assertEquals([fault, ...more], [{ code: "out-of-range", field, index: -1, value }]);
          words.assert(`${field} of ${JSON.stringify(range)}`, fix);
        });
      }
    });
  }
});

words.end();
