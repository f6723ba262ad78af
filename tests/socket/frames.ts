/**
 * A WebSocket client that does nothing by itself: it writes what a test gives it, right or wrong, and notes what comes
 * in, frame for frame. RFC 6455 §5.2 in both directions, and no more of the RFC.
 *
 * @module
 */

import { connect, type Socket } from "node:net";
import { handshakeBytes, handshakeHeaders } from "../runtime.ts";

/** RFC 6455 §11.8, and what is reserved there. */
export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** What a frame is made of. Left out, each part is what an honest client sends. */
export interface FrameParts {
  readonly fin?: boolean;
  /** The three reserved bits as one number: RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  readonly rsv?: number;
  /** Four bytes, or null for an unmasked frame. */
  readonly mask?: Uint8Array | null;
  /** The length that the frame claims to have. */
  readonly length?: number;
  /** How many bytes the length is written in: none beside the seven bits, two, or eight. Default: the fewest. */
  readonly lengthBytes?: 0 | 2 | 8;
}

/** Not zero: a server that forgets to unmask must not get away with it. */
const MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

const encoder = new TextEncoder();

/** One frame as a client sends it. A string is sent as UTF-8. */
export function frame(opcode: number, payload: string | Uint8Array = "", parts: FrameParts = {}): Uint8Array {
  const data = bytesOf(payload);
  const { fin = true, rsv = 0, mask = MASK, length = data.length } = parts;
  const lengthBytes = parts.lengthBytes ?? (length < 126 ? 0 : length < 65536 ? 2 : 8);
  const head = [(fin ? 0x80 : 0) | rsv << 4 | opcode];
  const masked = mask === null ? 0 : 0x80;
  if (lengthBytes === 0) head.push(masked | length);
  else {
    head.push(masked | (lengthBytes === 2 ? 126 : 127));
    // Not by shifts: they end at 32 bits.
    for (let i = lengthBytes - 1; i >= 0; i--) head.push(Math.floor(length / 256 ** i) % 256);
  }
  if (mask === null) return join(head, data);
  return join(head, mask, data.map((byte, i) => byte ^ mask[i % 4]!));
}

/** A whole text message, or the first part of one. */
export function text(payload: string | Uint8Array, parts?: FrameParts): Uint8Array {
  return frame(OPCODES.text, payload, parts);
}

/** The next part of a message; the last one unless `parts` says otherwise. */
export function more(payload: string | Uint8Array, parts?: FrameParts): Uint8Array {
  return frame(OPCODES.continuation, payload, parts);
}

/** A whole binary message, or the first part of one. */
export function binary(payload: Uint8Array, parts?: FrameParts): Uint8Array {
  return frame(OPCODES.binary, payload, parts);
}

export function ping(payload: string | Uint8Array = "", parts?: FrameParts): Uint8Array {
  return frame(OPCODES.ping, payload, parts);
}

export function pong(payload: string | Uint8Array = "", parts?: FrameParts): Uint8Array {
  return frame(OPCODES.pong, payload, parts);
}

/** A close frame. Any code, and none; a reason alone cannot be. */
export function close(code?: number, reason: string | Uint8Array = "", parts?: FrameParts): Uint8Array {
  return frame(OPCODES.close, code === undefined ? "" : join([code >> 8, code & 0xff], reason), parts);
}

/** Strings (as UTF-8), bytes and lists of numbers, one after the other. */
export function join(...pieces: readonly (string | ArrayLike<number>)[]): Uint8Array {
  const arrays = pieces.map((piece) => typeof piece === "string" ? encoder.encode(piece) : piece);
  const joined = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    joined.set(array, at);
    at += array.length;
  }
  return joined;
}

/** A message in one frame for each of these pieces. */
export function fragments(opcode: number, pieces: readonly (string | Uint8Array)[]): Uint8Array[] {
  return pieces.map((piece, i) => frame(i === 0 ? opcode : 0, piece, { fin: i === pieces.length - 1 }));
}

/** Bytes, cut into pieces of `size`. */
export function chop(bytes: Uint8Array, size = 1): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

/**
 * One line of a log: a frame or a message, with its payload where it is short and a digest of it where it is not.
 * Both sides write their logs with it, so that they can be compared.
 */
export function line(kind: string, payload: string | Uint8Array): string {
  const bytes = bytesOf(payload);
  if (bytes.length > 80) return `${kind} ${bytes.length} bytes ${digest(bytes)}`;
  const isText = kind === "text" || kind === "ping" || kind === "pong";
  if (isText) return `${kind} ${JSON.stringify(new TextDecoder().decode(bytes))}`;
  return `${kind} [${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ")}]`;
}

/** The line of a close frame; without a code: of an empty one. */
export function closeLine(code?: number, reason = ""): string {
  return code === undefined ? "close" : `close ${code} ${JSON.stringify(reason)}`;
}

/**
 * A log in which an end is an end. A kernel resets a connection that is closed before its last bytes were read: where a
 * server does not wait for what the client still has to say, which of the two it becomes is a matter of microseconds.
 */
export function resetIsEnd(log: readonly string[]): string[] {
  return log.map((entry) => entry === "reset" ? "end" : entry);
}

/** What a client starts with. */
export interface RawClientOptions {
  readonly path?: string;
  /** More header lines. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Goes out in one write with the handshake. */
  readonly first?: Uint8Array;
  /** Answers a close frame by echoing it and ending, as honest clients do. Default: nothing is answered. */
  readonly answersClose?: boolean;
}

/** One connection: opened, upgraded, then at the test's command. */
export class RawClient {
  /** The head of the answer to the handshake. */
  head = "";
  /**
   * What came in after it, in order: a line for each frame, `end` where the server ended the connection, `reset` where
   * it was torn down.
   */
  readonly log: string[] = [];
  /** Resolves once nothing can come any more. */
  readonly ended: Promise<void>;

  readonly #socket: Socket;
  readonly #answersClose: boolean;
  #unread: Uint8Array = new Uint8Array(0);
  #isUpgraded = false;
  #isEnded = false;
  #look: () => void = () => {};

  private constructor(socket: Socket, answersClose: boolean) {
    this.#socket = socket;
    this.#answersClose = answersClose;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Uint8Array) => this.#read(chunk));
    this.ended = new Promise((resolve) => {
      const finish = (how?: string) => {
        if (!this.#isEnded && how !== undefined) this.log.push(how);
        this.#isEnded = true;
        socket.destroy();
        resolve();
        this.#look();
      };
      socket.on("end", () => finish("end"));
      socket.on("error", () => finish("reset"));
      socket.on("close", () => finish());
    });
  }

  /** Opens a connection and waits for the answer to its handshake, whatever it is. */
  static async open(port: number, options: RawClientOptions = {}): Promise<RawClient> {
    const { path = "/", headers = [], first = new Uint8Array(0), answersClose = false } = options;
    // Half-open, so that a server's end does not hide what it still wants to read.
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const client = new RawClient(socket, answersClose);
    const lines = [...handshakeHeaders("server.example"), ...headers];
    client.send(join(handshakeBytes(path, lines), first));
    await client.#until(() => client.head !== "" || client.#isEnded, "the answer to the handshake", 20_000);
    return client;
  }

  /** The status of the answer; 0: there was none. */
  get status(): number {
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(this.head)?.[1] ?? 0);
  }

  /** Writes frames, or any bytes, at once. */
  send(...frames: readonly Uint8Array[]): void {
    if (!this.#socket.destroyed) this.#socket.write(join(...frames));
  }

  /** Writes them one after the other, each in a packet of its own as far as that can be asked for. */
  async sendEach(pieces: readonly Uint8Array[], pauseMs = 0): Promise<void> {
    for (const piece of pieces) {
      if (this.#isEnded) return;
      await new Promise<void>((resolve) => {
        this.#socket.write(piece, () => resolve());
        // A connection that is torn down meanwhile calls nobody back.
        this.ended.then(resolve);
      });
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** Ends this side of the connection and goes on reading. */
  end(): void {
    this.#socket.end();
  }

  /** Tears the connection down. */
  reset(): void {
    this.#isEnded = true;
    this.#socket.resetAndDestroy();
  }

  /** Drops the connection. */
  destroy(): void {
    this.#isEnded = true;
    this.#socket.destroy();
  }

  /** Stops reading, or starts again: what the server sends then piles up on its side. */
  reads(wanted: boolean): void {
    if (wanted) this.#socket.resume();
    else this.#socket.pause();
  }

  /** Waits until `count` lines of the log match. */
  until(wanted: string | RegExp, count = 1, timeoutMs = 20_000): Promise<void> {
    const matches = (entry: string) => typeof wanted === "string" ? entry === wanted : wanted.test(entry);
    return this.#until(() => this.log.filter(matches).length >= count, `${count} × ${wanted}`, timeoutMs);
  }

  /** Waits until the connection has ended. */
  untilEnded(timeoutMs = 20_000): Promise<void> {
    return this.#until(() => this.#isEnded, "the end", timeoutMs);
  }

  #until(done: () => boolean, what: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (failure?: string) => {
        clearTimeout(timer);
        this.#look = () => {};
        const last = this.log.slice(-20).join(", ") || "nothing came";
        if (failure === undefined) resolve();
        else reject(new Error(`${failure} before ${what}: ${last}`));
      };
      const timer = setTimeout(() => settle("The time ran out"), timeoutMs);
      this.#look = () => {
        if (done()) settle();
        else if (this.#isEnded) settle("The connection ended");
      };
      this.#look();
    });
  }

  #read(chunk: Uint8Array): void {
    this.#unread = this.#unread.length === 0 ? new Uint8Array(chunk) : join(this.#unread, chunk);
    if (this.head === "") this.#readHead();
    if (this.#isUpgraded) { while (this.#readFrame()); }
    this.#look();
  }

  #readHead(): void {
    const latin1 = Array.from(this.#unread.subarray(0, 16_384), (byte) => String.fromCharCode(byte)).join("");
    const end = latin1.indexOf("\r\n\r\n");
    if (end === -1) return;
    this.head = latin1.slice(0, end + 2);
    this.#unread = this.#unread.slice(end + 4);
    this.#isUpgraded = this.status === 101;
  }

  /** Takes one frame off the front; false where there is no whole one. */
  #readFrame(): boolean {
    const bytes = this.#unread;
    if (bytes.length < 2) return false;
    const short = bytes[1]! & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < start) return false;
    const length = short < 126 ? short : bytes.subarray(2, start).reduce((sum, byte) => sum * 256 + byte, 0);
    if (bytes.length < start + length) return false;
    const payload = bytes.slice(start, start + length);
    this.#unread = bytes.slice(start + length);
    this.#note(bytes[0]!, (bytes[1]! & 0x80) !== 0, payload);
    return true;
  }

  #note(first: number, isMasked: boolean, payload: Uint8Array): void {
    const opcode = first & 0xf;
    const kind = Object.entries(OPCODES).find(([, code]) => code === opcode)?.[0] ?? `opcode ${opcode}`;
    // What a server must not send, and ours does not: in front of the line, so that no comparison passes over it.
    const flags = [first & 0x70 && `rsv ${first >> 4 & 7}`, isMasked && "masked", !(first & 0x80) && "part"];
    const flag = flags.filter(Boolean).map((name) => `${name} `).join("");
    if (opcode === OPCODES.close) {
      const code = payload.length < 2 ? undefined : payload[0]! << 8 | payload[1]!;
      this.log.push(flag + closeLine(code, new TextDecoder().decode(payload.subarray(2))));
      if (this.#answersClose && !this.#isEnded) {
        this.send(frame(OPCODES.close, payload));
        this.end();
      }
    } else this.log.push(flag + line(kind, payload));
  }
}

/** FNV-1a: a few lines, the same on both sides. */
function digest(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return `#${(hash >>> 0).toString(16).padStart(8, "0")}`;
}

function bytesOf(payload: string | Uint8Array): Uint8Array {
  return typeof payload === "string" ? encoder.encode(payload) : payload;
}
