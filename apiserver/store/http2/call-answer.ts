/** What comes back of one unary call of gRPC: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */

import { errorText } from '../../../base/error-text.ts';

/** By number: https://github.com/grpc/grpc/blob/master/doc/statuscodes.md */
const codeNames = [
  ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS'],
  ...['PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED'],
  ...['INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'],
];
const codes = { deadlineExceeded: 4, internal: 13, unavailable: 14 } as const;

/** What a call came back with instead of a message; its text is in gRPC's form: `14 UNAVAILABLE: …`. */
export class CallError extends Error {
  override readonly name = 'CallError';

  constructor(code: number, details: string) {
    super(`${code} ${codeNames[code] ?? 'UNKNOWN'}: ${details}`);
  }
}

/** The call has certainly not arrived. */
export const neverSent = (error: unknown): CallError =>
  new CallError(codes.unavailable, `No connection established: ${errorText(error)}`);
/** Whether the call has arrived nobody knows. */
export const connectionLost = (error: unknown): CallError =>
  new CallError(codes.unavailable, `Connection dropped: ${errorText(error)}`);
export const deadlineExceeded = (): CallError => new CallError(codes.deadlineExceeded, 'Deadline exceeded');

/** A message's frame begins with a byte that says whether it is compressed, and four that say how long it is. */
const frameHeadBytes = 5;

export function frameMessage(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(frameHeadBytes + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, frameHeadBytes);
  return framed;
}

/** The parts of an answer as they come in. */
export class CallAnswer {
  readonly #chunks: Buffer[] = [];
  #status: string | undefined;
  #details = '';

  get hasStatus(): boolean {
    return this.#status !== undefined;
  }

  /** From the headers at its beginning, or those at its end. */
  setStatus(headers: ReadonlyMap<string, string>): void {
    const status = headers.get('grpc-status');
    if (status === undefined) return;
    this.#status = status;
    this.#details = decodeDetails(headers.get('grpc-message') ?? '');
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  result(): Buffer | CallError {
    if (this.#status === undefined) return connectionLost('it closed before the answer');
    if (this.#status !== '0') return new CallError(Number(this.#status), this.#details);
    const [first = noBytes] = this.#chunks;
    const bytes = this.#chunks.length < 2 ? first : Buffer.concat(this.#chunks);
    if (bytes.length < frameHeadBytes || bytes[0] !== 0 || bytes.readUInt32BE(1) !== bytes.length - frameHeadBytes)
      return new CallError(codes.internal, 'The answer is not one uncompressed message');
    return bytes.subarray(frameHeadBytes);
  }
}

const noBytes = Buffer.alloc(0);

function decodeDetails(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not encoded as it should be: shown as it came.
    return text;
  }
}
