/**
 * What a server says to a handshake, read byte by byte: a status line, the end of its headers, and after 101 the frames as
 * far as a close.
 *
 * The server may be hostile, or anything but a server: nothing here throws, keeps more than some hundred bytes, or looks
 * at a byte twice.
 */

/** What came of one handshake. What the server wrote is in it as it came: escape it before it is printed. */
export interface ServerAnswer {
  /**
   * - `"open"`: 101, and no close while it was waited for.
   * - `"closed"`: 101, then a close frame or the end of the connection.
   * - `"status"`: another status.
   * - `"hung-up"`: the connection ended before the answer did.
   * - `"garbage"`: something other than HTTP/1, or headers without an end.
   * - `"silent"`: no answer in time.
   * - `"unreachable"`: no connection, so nothing was sent.
   */
  readonly kind: "open" | "closed" | "status" | "hung-up" | "garbage" | "silent" | "unreachable";
  /** Of the answer, 101 included; null: there was none. */
  readonly status: number | null;
  /** Of the close frame; 1005: it had none; 1006: the connection ended without a frame; null: no close. */
  readonly closeCode: number | null;
  /** The reason phrase, the reason of a close, or why there was no connection. */
  readonly text: string;
}

/** Longer heads have no end: browsers give up at 256 KiB, and no honest server comes near. */
export const MAX_HEAD_BYTES = 64 * 1024;
/** So much of a status line is read; its reason phrase may be cut. */
const MAX_LINE_BYTES = 200;
/** Who has sent so much after 101 has let the client in, whatever follows. */
export const MAX_OPEN_BYTES = 1024 * 1024;
/** RFC 6455 §5.5. */
const MAX_CONTROL_BYTES = 125;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** RFC 9112 §4, as leniently as a browser: any version of HTTP/1, and a phrase that may be missing. */
const STATUS_LINE = /^HTTP\/1\.\d (\d{3})(?: ([^]*))?$/;
const STATUS_LINE_START = "HTTP/1.";

/** Reads one answer, in pieces as they come. */
export class AnswerReader {
  #statusLine = "";
  #lineBytes = 0;
  #isStatusLine = true;
  #headBytes = 0;
  #frames: FrameReader | null = null;

  /** Whether 101 and all of its headers have come. */
  get isUpgraded(): boolean {
    return this.#frames !== null;
  }

  /** Takes what came; gives the answer once it is known whatever comes next. Call it no more then. */
  push(bytes: Uint8Array): ServerAnswer | null {
    for (let at = 0; at < bytes.length; at++) {
      if (this.#frames !== null) return this.#frames.push(bytes.subarray(at));
      const answer = this.#pushHead(bytes[at]!);
      if (answer !== null) return answer;
    }
    return null;
  }

  /** The answer where no more comes: the connection ended, or the time ran out. */
  finish(why: "ended" | "late"): ServerAnswer {
    if (this.#frames !== null) return this.#frames.finish(why);
    return answerOf(why === "late" ? "silent" : "hung-up");
  }

  #pushHead(byte: number): ServerAnswer | null {
    if (++this.#headBytes > MAX_HEAD_BYTES) return answerOf("garbage");
    if (byte === LINE_FEED) return this.#endLine();
    if (byte === CARRIAGE_RETURN) return null;
    if (this.#isStatusLine && this.#lineBytes < MAX_LINE_BYTES) {
      this.#statusLine += String.fromCharCode(byte);
      // At once: what is no HTTP may well never send a line feed.
      if (!STATUS_LINE_START.startsWith(this.#statusLine.slice(0, STATUS_LINE_START.length))) {
        return answerOf("garbage");
      }
    }
    this.#lineBytes++;
    return null;
  }

  #endLine(): ServerAnswer | null {
    const isBlank = this.#lineBytes === 0;
    this.#lineBytes = 0;
    if (this.#isStatusLine) {
      this.#isStatusLine = false;
      return STATUS_LINE.test(this.#statusLine) ? null : answerOf("garbage");
    }
    if (!isBlank) return null;
    const [, digits, phrase = ""] = STATUS_LINE.exec(this.#statusLine)!;
    const status = Number(digits);
    if (status === 101) {
      this.#frames = new FrameReader();
      return null;
    }
    if (status >= 200) return answerOf("status", status, null, phrase);
    // 100 Continue, 103 Early Hints: the answer is still to come.
    this.#isStatusLine = true;
    this.#statusLine = "";
    return null;
  }
}

/**
 * The frames after 101 (RFC 6455 §5.2). Payloads are passed over, all but that of a close. From the first frame that no
 * server may send on nothing is read: the client is in, and stays so until the connection ends.
 */
class FrameReader {
  #bytes = 0;
  #isReadable = true;
  /** Of the current frame, as long as its header is not whole. */
  readonly #header: number[] = [];
  /** Of its payload, so many bytes are still to come. */
  #rest = 0;
  /** The payload of a close frame, from its header on. */
  #close: number[] | null = null;

  push(bytes: Uint8Array): ServerAnswer | null {
    this.#bytes += bytes.length;
    let at = 0;
    while (this.#isReadable && at < bytes.length) {
      if (this.#close !== null) {
        this.#close.push(bytes[at++]!);
        this.#rest--;
      } else if (this.#rest > 0) {
        const passed = Math.min(this.#rest, bytes.length - at);
        at += passed;
        this.#rest -= passed;
      } else {
        this.#header.push(bytes[at++]!);
        this.#readHeader();
      }
      if (this.#close !== null && this.#rest === 0) return closedBy(this.#close);
    }
    return this.#bytes > MAX_OPEN_BYTES ? answerOf("open", 101) : null;
  }

  finish(why: "ended" | "late"): ServerAnswer {
    // A close frame that was begun is a close, whether or not the rest of it comes.
    if (this.#close !== null) return closedBy(this.#close);
    return why === "late" ? answerOf("open", 101) : answerOf("closed", 101, 1006);
  }

  #readHeader(): void {
    const [first, second] = this.#header;
    if (second === undefined) return;
    const extended = second === 127 ? 8 : second === 126 ? 2 : 0;
    // A reserved bit, or a mask, which a server must not use.
    if ((first! & 0x70) !== 0 || second > 127) {
      this.#isReadable = false;
      return;
    }
    if (this.#header.length < 2 + extended) return;
    this.#rest = extended === 0 ? second : this.#header.slice(2).reduce((sum, byte) => sum * 256 + byte, 0);
    this.#header.length = 0;
    if ((first! & 0x0f) !== 8) return;
    this.#close = [];
    this.#rest = Math.min(this.#rest, MAX_CONTROL_BYTES);
  }
}

function closedBy(payload: readonly number[]): ServerAnswer {
  const [high, low] = payload;
  const code = high === undefined || low === undefined ? 1005 : high * 256 + low;
  const reason = new TextDecoder().decode(Uint8Array.from(payload.slice(2)));
  return answerOf("closed", 101, code, reason);
}

/** An answer of this kind. */
export function answerOf(
  kind: ServerAnswer["kind"],
  status: number | null = null,
  closeCode: number | null = null,
  text = "",
): ServerAnswer {
  return { kind, status, closeCode, text };
}
