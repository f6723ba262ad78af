// What OpenTelemetry gets of real handshakes: through npm's packages on both runtimes, and through Deno's own exporter,
// to a collector on loopback.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { context, metrics, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import {
  authMiddlewareStack,
  compilePolicy,
  guard,
  type Handler,
  originValidator,
  upgradeHandler,
  websocket,
} from "@wsgate/wsgate";
import { tellTelemetry } from "../../examples/telemetry/decisions.ts";
import { traced } from "../../examples/telemetry/spans.ts";
import { serveProgram } from "../programs.ts";
import { handshakeBytes, handshakeHeaders, type NativeHandler, runtime, sendRaw, serve } from "../runtime.ts";
import { eventually } from "../socket/peer.ts";

const OWN = "https://example.com";
const EVIL = "https://evil.test";
const SECRET = "s3cr3t";

/** The status of a handshake of this page, which has secrets wherever there is room for them. */
async function knock(port: number, origin: string | null, method = "GET"): Promise<number> {
  const headers = [...handshakeHeaders("example.com"), ["Cookie", `sid=${SECRET}`] as const];
  if (origin !== null) headers.push(["Origin", origin]);
  return (await sendRaw(port, handshakeBytes(`/chat?ticket=${SECRET}`, headers, method))).status;
}

const rule = (reason: string, name: string | null = null) => ({
  "security_rule.name": reason,
  ...name !== null && { "security_rule.ruleset.name": name },
});

describe("through npm's packages", { timeout: 120_000 }, () => {
  const counted = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const spans = new InMemorySpanExporter();
  const meters = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: counted, exportIntervalMillis: 3_600_000 })],
  });
  before(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    metrics.setGlobalMeterProvider(meters);
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }),
    );
  });
  after(async () => {
    await meters.shutdown();
    metrics.disable();
    trace.disable();
    context.disable();
  });

  /** What is told of the handshakes that `act` makes at a server with this handler. */
  async function toldOf(make: () => Handler, act: (port: number) => Promise<void>) {
    await meters.forceFlush();
    counted.reset();
    spans.reset();
    const handler = traced(make() as Parameters<typeof traced>[0]);
    const server = serve((request, context) => {
      try {
        return handler(request, context);
      } catch {
        return new Response("threw", { status: 500 });
      }
    }, websocket);
    try {
      await act(server.port);
    } finally {
      await server.stop();
    }
    await meters.forceFlush();
    const found = counted.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap((scope) => scope.metrics.map((metric) => ({ scope: scope.scope.name, ...metric })));
    return { metrics: found, spans: spans.getFinishedSpans() };
  }

  const decisionOf = ({ attributes }: ReadableSpan) =>
    Object.fromEntries(Object.entries(attributes).filter(([key]) => /wsgate|rule|header/.test(key)));

  it("a counter by outcome, layer, reason and name, and the span of each request", async () => {
    const made = () => {
      const options = { onDecision: tellTelemetry(), name: "chat" };
      return originValidator(
        upgradeHandler({}, { onDecision: options.onDecision }),
        [OWN],
        options,
      ) as Handler;
    };
    const { metrics, spans } = await toldOf(made, async (port) => {
      assertEquals(await knock(port, OWN), 101);
      assertEquals(await knock(port, EVIL), 403);
      assertEquals(await knock(port, `${EVIL}:8443`), 403);
      assertEquals(await knock(port, "null"), 403);
      // No handshake: it has a span, and is in no counter.
      assertEquals((await sendRaw(port, "GET /?a=b HTTP/1.1\r\nHost: example.com\r\n\r\n")).status, 426);
    });
    assertEquals(metrics.length, 1);
    const [{ scope, descriptor, dataPoints }] = metrics as [typeof metrics[0]];
    assertEquals([scope, descriptor.name, descriptor.unit], ["wsgate", "wsgate.handshakes", "{handshake}"]);
    const guarded = { "wsgate.layer": "guard", "wsgate.outcome": "denied" };
    assertEquals<unknown>(dataPoints.map(({ attributes, value }) => [attributes, value]), [
      [{ ...guarded, "wsgate.outcome": "allowed", "security_rule.ruleset.name": "chat" }, 1],
      [{ "wsgate.layer": "socket", "wsgate.outcome": "allowed" }, 1],
      [{ ...guarded, ...rule("origin-not-allowed", "chat") }, 2],
      [{ ...guarded, ...rule("origin-null", "chat") }, 1],
    ]);
    const header = (origin: string) => ({ "http.request.header.origin": [origin] });
    assertEquals<unknown>(
      spans.map((span) => [span.attributes["http.response.status_code"], decisionOf(span)]),
      [
        [101, {
          ...{ "wsgate.layer": "socket", "wsgate.outcome": "allowed", "security_rule.ruleset.name": "chat" },
          ...header(OWN),
        }],
        [403, { ...guarded, ...rule("origin-not-allowed", "chat"), ...header(EVIL) }],
        [403, { ...guarded, ...rule("origin-not-allowed", "chat"), ...header(`${EVIL}:8443`) }],
        [403, { ...guarded, ...rule("origin-null", "chat") }],
        [426, {}],
      ],
    );
    for (const { kind, name, status, attributes } of spans) {
      assertEquals([kind, name, status.code], [SpanKind.SERVER, "GET", SpanStatusCode.UNSET]);
      assert(!("error.type" in attributes));
      assert(!JSON.stringify(attributes).includes(SECRET), JSON.stringify(attributes));
    }
  });

  it("of several layers the gravest decision stands, after what was awaited too", async () => {
    const made = () => {
      const onDecision = tellTelemetry();
      const auth = authMiddlewareStack({
        user: async ({ headers }: Request) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (headers.get("origin") === EVIL) throw new Error("no database");
          return null;
        },
        onDecision,
        name: "users",
      });
      const reportOnly = { origins: [OWN] };
      const inner = auth(upgradeHandler({}, { onDecision }));
      return guard(inner, compilePolicy({ origins: ["*"] }), { onDecision, reportOnly }) as Handler;
    };
    const { spans } = await toldOf(made, async (port) => {
      for (const [origin, status] of [["https://other.test", 101], [EVIL, 503]] as const) {
        assertEquals(await knock(port, origin), status);
      }
    });
    assertEquals<unknown>(
      spans.map(({ status, attributes: { ...all } }) => [
        ...[all["wsgate.outcome"], all["wsgate.layer"], all["security_rule.name"], all["error.type"]],
        status.code,
      ]),
      [
        ["would-deny", "guard", "origin-not-allowed", undefined, SpanStatusCode.UNSET],
        ["denied", "auth", "user-lookup-failed", "503", SpanStatusCode.ERROR],
      ],
    );
  });

  it("whatever a client sends has a span, and a handler that throws", async () => {
    const made = () =>
      (() => {
        throw new Error("mine");
      }) as Handler;
    const { spans } = await toldOf(made, async (port) => {
      for (const target of ["http://[/a?b", "//", "/%zz#x"]) {
        await sendRaw(port, handshakeBytes(target, [["Host", "h"]]));
      }
      await sendRaw(port, handshakeBytes("/", [["Host", "h"]], "PROPFIND"));
    });
    assert(spans.length >= 2, `${spans.length}`);
    for (const { status, name } of spans) {
      assert(["GET", "HTTP"].includes(name), name);
      assertEquals(status.code, SpanStatusCode.ERROR);
    }
  });

  it("without a provider it counts nothing, and changes nothing", async () => {
    metrics.disable();
    const options = { onDecision: tellTelemetry() };
    const server = serve(
      originValidator(upgradeHandler({}, options), [OWN], options) as NativeHandler,
      websocket,
    );
    try {
      assertEquals([await knock(server.port, OWN), await knock(server.port, EVIL)], [101, 403]);
    } finally {
      await server.stop();
      metrics.setGlobalMeterProvider(meters);
    }
  });
});

const QUICK = { OTEL_METRIC_EXPORT_INTERVAL: "200", OTEL_BSP_SCHEDULE_DELAY: "200" };

describe("the program with npm's packages", { timeout: 120_000 }, () => {
  it("prints the counter and the spans", async () => {
    const script = new URL("../../examples/telemetry/packages.ts", import.meta.url);
    const server = await serveProgram(script, { permissions: ["--allow-env", "--allow-sys"], env: QUICK });
    try {
      assertEquals([await knock(server.port, OWN), await knock(server.port, EVIL)], [101, 403]);
      const wanted = [
        "wsgate.handshakes",
        "{handshake}",
        "origin-not-allowed",
        EVIL,
        "http.response.status_code",
      ];
      await eventually("counter and spans", () => wanted.every((text) => server.output().includes(text)));
      assert(!server.output().includes(SECRET), server.output());
    } finally {
      await server.stop();
    }
  });
});

/** OTLP over HTTP in JSON, as much of it as is read here. */
interface Attribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: string;
    readonly arrayValue?: { readonly values: readonly { readonly stringValue: string }[] };
  };
}
interface Received {
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly ReceivedMetric[] }[];
  }[];
  readonly resourceSpans?: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly ReceivedSpan[] }[];
  }[];
}
interface ReceivedMetric {
  readonly name: string;
  readonly unit: string;
  readonly sum?: {
    readonly isMonotonic: boolean;
    readonly dataPoints: readonly { readonly attributes: readonly Attribute[]; readonly asDouble: number }[];
  };
}
interface ReceivedSpan {
  readonly kind: number;
  readonly attributes: readonly Attribute[];
  readonly status?: { readonly code?: number };
}

const plain = (attributes: readonly Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [
    key,
    value.arrayValue?.values.map(({ stringValue }) => stringValue) ?? value.stringValue ?? value.intValue,
  ]));

describe("through Deno's own exporter", {
  skip: runtime === "deno" ? false : "Deno alone has one",
  timeout: 120_000,
}, () => {
  const received: Received[] = [];
  let collector: Server;
  before(async () => {
    collector = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (chunk) => body += chunk).on("end", () => {
        if (request.url !== "/v1/logs") received.push(JSON.parse(body));
        response.setHeader("content-type", "application/json").end("{}");
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  });
  after(() => {
    collector.closeAllConnections();
    return new Promise((resolve) => collector.close(resolve));
  });

  it("the counter arrives, and the span that Deno made has the decision", async () => {
    const { port } = collector.address() as AddressInfo;
    const env = {
      ...QUICK,
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    };
    const script = new URL("../../examples/telemetry/built_in.ts", import.meta.url);
    const server = await serveProgram(script, { env });
    const handshakes = () =>
      received.flatMap(({ resourceMetrics = [] }) => resourceMetrics)
        .flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics }) => metrics)
        .filter(({ name }) => name === "wsgate.handshakes");
    // Of kind server: a `fetch` makes spans of its own.
    const spans = () =>
      received.flatMap(({ resourceSpans = [] }) => resourceSpans)
        .flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans }) => spans)
        .filter(({ kind }) => kind === 2);
    try {
      assertEquals([await knock(server.port, EVIL), await knock(server.port, "null")], [403, 403]);
      assertEquals(await knock(server.port, OWN), 101);
      const points = () => handshakes().at(-1)?.sum?.dataPoints ?? [];
      await eventually("all that was counted", () => points().length === 4 && spans().length >= 2);
      const { unit, sum } = handshakes().at(-1)!;
      assertEquals([unit, sum!.isMonotonic], ["{handshake}", true]);
      const row = {
        "wsgate.layer": "guard",
        "wsgate.outcome": "denied",
        "security_rule.ruleset.name": "echo",
      };
      const sorted = points().map(({ attributes, asDouble }) => ({ ...plain(attributes), asDouble }))
        .sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
      const expected = [
        { ...row, "security_rule.name": "origin-not-allowed", asDouble: 1 },
        { ...row, "security_rule.name": "origin-null", asDouble: 1 },
        { ...row, "wsgate.outcome": "allowed", asDouble: 1 },
        { ...row, "wsgate.outcome": "allowed", "wsgate.layer": "socket", asDouble: 1 },
      ];
      const key = (it: object) => JSON.stringify(Object.entries(it).sort());
      assertEquals<unknown>(sorted.map(key).sort(), expected.map(key).sort());

      const denied = spans().map(({ attributes, status }) => ({
        ...plain(attributes),
        code: status?.code ?? 0,
      }));
      const of = (reason: string) =>
        denied.filter((span: Record<string, unknown>) => span["security_rule.name"] === reason);
      const [byOrigin, ...moreByOrigin] = of("origin-not-allowed") as Record<string, unknown>[];
      const [byNull, ...moreByNull] = of("origin-null") as Record<string, unknown>[];
      assertEquals([moreByOrigin.length, moreByNull.length], [0, 0]);
      assertEquals([byOrigin!["http.request.header.origin"], byOrigin!["http.response.status_code"]], [
        [EVIL],
        "403",
      ]);
      for (const span of [byOrigin!, byNull!]) {
        assertEquals([span["wsgate.outcome"], span["wsgate.layer"], span.code], ["denied", "guard", 0]);
        assert(!("error.type" in span));
      }
      assert(!("http.request.header.origin" in byNull!));
    } finally {
      await server.stop();
    }
  });
});
