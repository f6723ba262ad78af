/**
 * A span for each request. Deno makes one by itself where `OTEL_DENO=true`; Bun makes none.
 *
 * @module
 */

import { type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";

type Handler = (request: Request, context: unknown) => Response | Promise<Response>;

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];

/** Stands around everything, so that the span is there when a guard decides. */
export function traced(handler: Handler): Handler {
  const tracer = trace.getTracer("server");
  return (request, context) => {
    // Read before the upgrade. Not by `new URL()`, which throws at some of what clients send.
    const path = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)/i.exec(request.url)![1]!;
    const method = METHODS.includes(request.method) ? request.method : "_OTHER";
    const mayUpgrade = request.headers.get("upgrade") !== null;
    // The path alone: in a query there are tickets and tokens.
    const attributes = { "http.request.method": method, "url.path": path, "url.scheme": "http" };
    const name = method === "_OTHER" ? "HTTP" : method;
    return tracer.startActiveSpan(name, { kind: SpanKind.SERVER, attributes }, (span) => {
      // On Bun what has upgraded returns a Response that nobody sends.
      const end = ({ status }: { readonly status: number }) =>
        endSpan(span, mayUpgrade && status === 200 ? 101 : status);
      let answer;
      try {
        answer = handler(request, context);
      } catch (error) {
        endSpan(span, 500);
        throw error;
      }
      // What the handler returned goes on as it is: on Deno a server ends whose upgraded Response does not come back.
      if (answer instanceof Promise) answer.then(end, () => endSpan(span, 500));
      else end(answer);
      return answer;
    });
  };
}

/** A 403 is the server's work well done; from 500 on it is not. */
function endSpan(span: Span, status: number): void {
  span.setAttribute("http.response.status_code", status);
  if (status >= 500) {
    span.setAttribute("error.type", `${status}`);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
