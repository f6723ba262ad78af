/**
 * A certificate for loopback, signed by itself: made anew for each run, so that no key lies in the repository and no
 * date runs out.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** Both in PEM. The certificate is its own authority: give it to a client as `ca`. */
export function makeCertificate(): { readonly cert: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const name = sequence(set(sequence(COMMON_NAME, der(0x0c, "localhost"))));
  const day = 86_400_000;
  const validity = sequence(utcTime(Date.now() - day), utcTime(Date.now() + day));
  const alternatives = sequence(der(0x82, "localhost"), der(0x87, Buffer.of(127, 0, 0, 1)));
  // RFC 5280 §4.1: version 3, serial number, algorithm, issuer, validity, subject, key, extensions.
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    sequence(ECDSA_WITH_SHA256),
    name,
    validity,
    name,
    publicKey,
    der(0xa3, sequence(sequence(SUBJECT_ALTERNATIVE_NAME, der(0x04, alternatives)))),
  );
  const signature = Buffer.concat([Buffer.of(0), sign("sha256", body, privateKey)]);
  const whole = sequence(body, sequence(ECDSA_WITH_SHA256), der(0x03, signature));
  const lines = whole.toString("base64").match(/.{1,64}/g)!.join("\n");
  return { cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`, key: privateKey };
}

// Object identifiers, encoded: 1.2.840.10045.4.3.2, 2.5.4.3, 2.5.29.17.
const ECDSA_WITH_SHA256 = der(0x06, Buffer.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2));
const COMMON_NAME = der(0x06, Buffer.of(0x55, 4, 3));
const SUBJECT_ALTERNATIVE_NAME = der(0x06, Buffer.of(0x55, 0x1d, 17));

/** A tag, a length in as many bytes as it needs, a value. */
function der(tag: number, value: Uint8Array | string): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  const { length } = bytes;
  const prefix = length < 0x80
    ? [tag, length]
    : length < 0x100
    ? [tag, 0x81, length]
    : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(prefix), bytes]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function set(part: Uint8Array): Buffer {
  return der(0x31, part);
}

/** YYMMDDhhmmssZ */
function utcTime(time: number): Buffer {
  return der(0x17, new Date(time).toISOString().replaceAll(/^\d\d|[-T:]|\.\d+/g, ""));
}
