/**
 * An echo server whose decisions go where Deno's own OpenTelemetry sends them, as the counter `wsgate.handshakes` and as
 * attributes of the span that Deno makes for each request. It has to be asked for it:
 *
 *     OTEL_DENO=true OTEL_SERVICE_NAME=echo deno serve examples/telemetry/built_in.ts
 *
 * Deno writes the whole URL into its spans. Tickets and tokens in a query go to the collector with it: have the
 * collector drop `url.full` and `url.query`, or keep them out of URLs.
 *
 * @module
 */

import { originValidator, upgradeHandler } from "@wsgate/wsgate";
import { tellTelemetry } from "./decisions.ts";

const options = { onDecision: tellTelemetry(), name: "echo" };
const echo = upgradeHandler({ message: (socket, data) => void socket.send(data) }, options);
const fetch = originValidator(echo, ["https://example.com"], options);

const server = { fetch };
export default server;
