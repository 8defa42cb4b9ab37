/** Exec and attach, whatever carries them: joins a session of the runtime with the caller's channels. */

import type { Readable, Writable } from 'node:stream';
import { chunksOf } from '../../../base/chunks.ts';
import { networkErrorText } from '../../../base/network-error-text.ts';
import type { Session } from '../../runtime/runtime.ts';

export interface ExitStatus {
  readonly metadata: object;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes: readonly { readonly reason?: string; readonly message: string }[] };
  readonly code?: number;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The caller's end. */
export interface RemoteChannels {
  /** Undefined: the caller sends none. Ends when the caller says so or hangs up, after all that it had sent. */
  readonly stdin: Readable | undefined;
  /** Resolves when there is room for more. */
  write(channel: 'stdout' | 'stderr', content: Buffer): Promise<void>;
  onResize(listener: (size: TerminalSize) => void): void;
  /** Aborts when the caller hangs up. */
  readonly gone: AbortSignal;
  /** Says how it ended, and hangs up. */
  finish(status: ExitStatus): Promise<void>;
}

/**
 * Resolves when the session is over. What the caller has sent is given to the process even when the caller has hung up
 * since, and what the process has written reaches the caller even when the process no longer reads.
 */
export async function joinSession(session: Session, channels: RemoteChannels): Promise<void> {
  const given = feed(channels.stdin, session.stdin);
  const leave = () => void given.then(() => session.close());
  channels.gone.addEventListener('abort', leave, { once: true });
  if (channels.gone.aborted) leave();
  let resized = Promise.resolve();
  channels.onResize(({ columns, rows }) => {
    // One after the other: the last one counts. The process may be over already.
    resized = resized.then(() => session.resize(columns, rows)).catch(() => undefined);
  });
  await Promise.all([
    copy(session.stdout, (chunk) => channels.write('stdout', chunk)),
    copy(session.stderr, (chunk) => channels.write('stderr', chunk)),
  ]);
  try {
    await channels.finish(computeExitStatus(await session.done));
  } catch (error) {
    await channels.finish(computeRefusal(error));
  }
}

/** Resolves when the process has it all, or takes no more; then the rest is read all the same, for what comes behind it. */
function feed(from: Readable | undefined, to: Writable | undefined): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      from?.unpipe();
      from?.resume();
      resolve();
    };
    if (from === undefined || to === undefined) return over();
    to.on('finish', over).on('close', over).on('error', over);
    from.pipe(to);
  });
}

async function copy(from: Readable, write: (chunk: Buffer) => Promise<void>): Promise<void> {
  for await (const chunk of chunksOf(from)) await write(chunk);
}

function computeRefusal(error: unknown): ExitStatus {
  const message = `Internal error occurred: error executing command in container: ${networkErrorText(error)}`;
  return {
    metadata: {},
    status: 'Failure',
    message,
    reason: 'InternalError',
    details: { causes: [{ message }] },
    code: 500,
  };
}

/** As the streaming protocols have it: without kind and version. */
function computeExitStatus(exitCode: number | undefined): ExitStatus {
  const common = { metadata: {} } as const;
  if (exitCode === undefined || exitCode === 0) return { ...common, status: 'Success' };
  return {
    ...common,
    status: 'Failure',
    message: `command terminated with exit code ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

/** From the fourth version of the protocols on it is an object; before it was words, and only those of a failure. */
export function encodeExitStatus(protocol: string, status: ExitStatus): Buffer | undefined {
  if (/^v[45]\./.test(protocol)) return Buffer.from(JSON.stringify(status));
  return status.status === 'Success' ? undefined : Buffer.from(status.message ?? '');
}

const longestSize = 200;
const isSize = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) < 65536;

/** What comes on the resize channel: `{"Width":80,"Height":24}`, the names in any case, several at once or in pieces. */
export class TerminalSizeReader {
  #rest = '';

  read(chunk: Buffer): TerminalSize[] {
    const parts = (this.#rest + chunk.toString()).split('}');
    this.#rest = (parts.pop() ?? '').slice(0, longestSize);
    return parts.flatMap((part) => readTerminalSize(`${part}}`) ?? []);
  }
}

function readTerminalSize(text: string): TerminalSize | undefined {
  try {
    const size: unknown = JSON.parse(text);
    const fields = new Map(Object.entries(size ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
    const [columns, rows]: unknown[] = [fields.get('width'), fields.get('height')];
    return isSize(columns) && isSize(rows) ? { columns, rows } : undefined;
  } catch {
    return undefined; // nonsense: the next one counts
  }
}
