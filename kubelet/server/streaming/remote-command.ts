/** Exec and attach, whatever carries them: joins a session of the runtime with the caller's channels. */

import type { Readable } from 'node:stream';
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
  /** Undefined: the caller sends none. */
  readonly stdin: Readable | undefined;
  /** Resolves when there is room for more. */
  write(channel: 'stdout' | 'stderr', content: Buffer): Promise<void>;
  onResize(listener: (size: TerminalSize) => void): void;
  /** Aborts when the caller hangs up. */
  readonly gone: AbortSignal;
  /** Says how it ended, and hangs up. */
  finish(status: ExitStatus): Promise<void>;
}

export async function joinSession(session: Session, channels: RemoteChannels): Promise<void> {
  const { stdin, gone } = channels;
  gone.addEventListener('abort', () => session.close(), { once: true });
  if (gone.aborted) session.close();
  let resized = Promise.resolve();
  channels.onResize(({ columns, rows }) => {
    // One after the other: the last one counts. The process may be over already.
    resized = resized.then(() => session.resize(columns, rows)).catch(() => undefined);
  });
  if (stdin !== undefined && session.stdin !== undefined) stdin.pipe(session.stdin);
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

async function copy(from: Readable, write: (chunk: Buffer) => Promise<void>): Promise<void> {
  for await (const chunk of from as AsyncIterable<Buffer>) await write(chunk);
}

function computeRefusal(error: unknown): ExitStatus {
  const words = error instanceof Error ? error.message : String(error);
  const message = `Internal error occurred: error executing command in container: ${words}`;
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
    message: `command terminated with non-zero exit code: error executing command, exit code ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
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
    const fields = Object.entries(JSON.parse(text) as object).map(([name, value]) => [name.toLowerCase(), value]);
    const { width: columns, height: rows } = Object.fromEntries(fields) as Record<string, unknown>;
    return isSize(columns) && isSize(rows) ? { columns, rows } : undefined;
  } catch {
    return undefined; // nonsense: the next one counts
  }
}
