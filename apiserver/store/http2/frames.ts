/** The frames of HTTP/2, out of a stream of bytes and into one: https://www.rfc-editor.org/rfc/rfc9113#section-4. Pure. */

export const frameTypes = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flags = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

export const settingIds = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
} as const;

export const errorCodes = { noError: 0, refusedStream: 7, cancel: 8 } as const;

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** What a peer may send in one frame, unless it was told that it may send more. */
export const defaultMaxFrameBytes = 16_384;
export const largestWindow = 0x7fff_ffff;

const headBytes = 9;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  /** 0: it is about the connection. */
  readonly stream: number;
  readonly payload: Buffer;
}

/** Bytes that are no HTTP/2, or none that was agreed on. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Cuts what arrives into frames. */
export class FrameReader {
  #rest: Buffer | undefined;

  /** The frames that are whole with this chunk; their payloads are parts of it. Throws `FrameError`. */
  *read(chunk: Buffer): Generator<Frame> {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    let at = 0;
    while (bytes.length - at >= headBytes) {
      const length = bytes.readUIntBE(at, 3);
      if (length > defaultMaxFrameBytes) throw new FrameError(`a frame of ${length} bytes`);
      const end = at + headBytes + length;
      if (bytes.length < end) break;
      yield {
        type: bytes[at + 3] ?? 0,
        flags: bytes[at + 4] ?? 0,
        stream: bytes.readUInt32BE(at + 5) & 0x7fff_ffff,
        payload: bytes.subarray(at + headBytes, end),
      };
      at = end;
    }
    if (at < bytes.length) this.#rest = bytes.subarray(at);
  }
}

/** The head of a frame whose payload has so many bytes. */
export function frameHead(type: number, flags: number, stream: number, length: number): Buffer {
  const head = Buffer.allocUnsafe(headBytes);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return head;
}

export const frame = ({ type, flags, stream, payload }: Frame): Buffer =>
  Buffer.concat([frameHead(type, flags, stream, payload.length), payload]);

/** A frame whose payload is one number of four bytes: WINDOW_UPDATE, RST_STREAM. */
export function numberFrame(type: number, stream: number, value: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(value);
  return frame({ type, flags: 0, stream, payload });
}

/** SETTINGS of this side. */
export function settingsFrame(settings: ReadonlyMap<number, number>): Buffer {
  const payload = Buffer.allocUnsafe(6 * settings.size);
  let at = 0;
  for (const [id, value] of settings) {
    payload.writeUInt16BE(id, at);
    payload.writeUInt32BE(value, at + 2);
    at += 6;
  }
  return frame({ type: frameTypes.settings, flags: 0, stream: 0, payload });
}

/** What the other side's SETTINGS say, in their order. */
export function* readSettings(payload: Buffer): Generator<readonly [id: number, value: number]> {
  for (let at = 0; at + 6 <= payload.length; at += 6) yield [payload.readUInt16BE(at), payload.readUInt32BE(at + 2)];
}

/** The payload of HEADERS or DATA without padding and priority. Throws `FrameError`. */
export function contentOf({ type, flags: set, payload }: Frame): Buffer {
  const isPadded = (set & flags.padded) !== 0;
  const hasPriority = type === frameTypes.headers && (set & flags.priority) !== 0;
  if (!isPadded && !hasPriority) return payload;
  const start = (isPadded ? 1 : 0) + (hasPriority ? 5 : 0);
  const end = payload.length - (isPadded ? (payload[0] ?? 0) : 0);
  if (end < start) throw new FrameError('padding that is longer than its frame');
  return payload.subarray(start, end);
}
