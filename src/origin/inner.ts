/**
 * Hosts that mean another machine to everyone who says them: this one, or one of the network one is in.
 */

/** Names and addresses of the machine that a browser runs on. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** RFC 1918, RFC 3927, RFC 4193 and RFC 4291 §2.5.6. */
const PRIVATE_ADDRESS =
  /^(?:10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.)[\d.]+$|^\[(?:f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):/;

/**
 * Reports whether a canonical host is known within a network alone: of this machine, a private or link-local address, a
 * name without a dot, or below `local` or `internal`.
 */
export function isInner(host: string): boolean {
  return isLoopback(host) || PRIVATE_ADDRESS.test(host) || /^[^.[]+$|\.(?:local|internal)\.?$/.test(host);
}

/** Reports whether a canonical host is an address. */
export function isAddress(host: string): boolean {
  return host.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(host);
}
