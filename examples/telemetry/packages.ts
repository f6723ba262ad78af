/**
 * An echo server that tells OpenTelemetry of its decisions through npm's packages, on Deno and on Bun:
 *
 *     deno serve --allow-env --allow-sys examples/telemetry/packages.ts
 *     bun examples/telemetry/packages.ts
 *
 * It prints what it exports. Put the exporters of `@opentelemetry/exporter-metrics-otlp-http` and
 * `@opentelemetry/exporter-trace-otlp-http` in place of these two to send it to a collector.
 *
 * @module
 */

import process from "node:process";
import { context, metrics, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  ConsoleMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor, ConsoleSpanExporter } from "@opentelemetry/sdk-trace-base";
import { originValidator, upgradeHandler, websocket } from "@wsgate/wsgate";
import { tellTelemetry } from "./decisions.ts";
import { traced } from "./spans.ts";

const exportIntervalMillis = Number(process.env.OTEL_METRIC_EXPORT_INTERVAL ?? 60_000);
const reader = new PeriodicExportingMetricReader({
  exporter: new ConsoleMetricExporter(),
  exportIntervalMillis,
  exportTimeoutMillis: exportIntervalMillis,
});
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
// Without it a hook does not find the span of its request.
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const processor = new BatchSpanProcessor(new ConsoleSpanExporter());
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));

const options = { onDecision: tellTelemetry(), name: "echo" };
const echo = upgradeHandler({ message: (socket, data) => void socket.send(data) }, options);
const fetch = traced(originValidator(echo, ["https://example.com"], options));

const server = { fetch, websocket };
export default server;
