/**
 * A command in a container, or its main process, over `v5.channel.k8s.io`: what stands in the first byte of each message
 * says which stream it is of.
 */

import { WebSocket } from 'ws';
import { isRecord } from '../api/json-record.ts';
import type { ObjectKey } from '../api/object.ts';
import { pods } from '../api/resources/core.ts';
import { UserError } from '../base/user-error.ts';
import { userAgentOf } from '../base/version.ts';
import { objectPath } from '../client/resource-path.ts';
import { openWebSocket } from '../client/web-socket.ts';
import type { CommandContext } from './command-context.ts';

export interface RemoteCommand {
  readonly pod: ObjectKey;
  readonly container: string;
  /** Undefined: attach to what runs already. */
  readonly command?: readonly string[] | undefined;
  readonly tty: boolean;
  /** Its input, when it has one. */
  readonly input?: AsyncIterable<Uint8Array> | undefined;
  /** A promise holds back what follows until it settles. */
  onOutput(chunk: Buffer): unknown;
  /** Absent: errors are not asked for. With a terminal they are its output. */
  onError?(chunk: Buffer): unknown;
  /** Sizes of the terminal, as they change. */
  readonly sizes?: AsyncIterable<TerminalSize> | undefined;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
/** As much of the input may wait for a slow server. */
const maxBuffered = 1 << 20;

/** Resolves with the exit code once it is over. Throws StatusError and UserError. */
export async function runRemote(context: CommandContext, command: RemoteCommand): Promise<number> {
  const socket = await openWebSocket(await context.connection(), {
    path: pathOf(command),
    protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
    userAgent: userAgentOf('kubecfg'),
  });
  const stop = () => socket.close();
  context.signal.addEventListener('abort', stop, { once: true });
  try {
    const ended = listen(socket, command);
    socket.resume();
    const sending = Promise.all([sendInput(socket, command), sendSizes(socket, command)]);
    // Input that nobody reads any more is left; what was wrong with it is not what the user asked for.
    sending.catch(() => socket.close());
    const code = await ended;
    if (code === undefined && !context.signal.aborted)
      throw new UserError('error: the connection was lost before the command ended');
    return code ?? 130;
  } finally {
    context.signal.removeEventListener('abort', stop);
    socket.terminate();
  }
}

function pathOf({ pod, container, command, tty, input, onError }: RemoteCommand): string {
  const query = new URLSearchParams({ container, stdout: 'true' });
  for (const word of command ?? []) query.append('command', word);
  if (input !== undefined) query.set('stdin', 'true');
  if (tty) query.set('tty', 'true');
  else if (onError !== undefined) query.set('stderr', 'true');
  return `${objectPath(pods, pod, command === undefined ? 'attach' : 'exec')}?${query}`;
}

/** The exit code; undefined when the socket closed without one. */
function listen(socket: WebSocket, command: RemoteCommand): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    let outcome: number | undefined;
    socket.on('message', (message: Buffer) => {
      const [channel, content] = [message[0], message.subarray(1)];
      try {
        if (channel === channels.stdout && content.length > 0) hold(socket, command.onOutput(content), reject);
        else if (channel === channels.stderr && content.length > 0) command.onError?.(content);
        else if (channel === channels.error && content.length > 0) outcome = exitCodeOf(content.toString());
      } catch (error) {
        reject(error);
      }
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(outcome));
  });
}

function hold(socket: WebSocket, taken: unknown, reject: (error: unknown) => void): void {
  if (!(taken instanceof Promise)) return;
  socket.pause();
  taken.then(() => socket.resume(), reject);
}

/** What the error channel says at the end: a Status. Throws UserError when the command could not be run at all. */
export function exitCodeOf(text: string): number {
  let status: unknown;
  try {
    status = JSON.parse(text);
  } catch {
    throw new UserError(`error: ${text.trim()}`);
  }
  if (!isRecord(status) || status.status === 'Success') return 0;
  const details = isRecord(status.details) ? status.details : {};
  const causes: unknown[] = Array.isArray(details.causes) ? details.causes : [];
  const cause = causes.filter(isRecord).find(({ reason }) => reason === 'ExitCode');
  if (status.reason === 'NonZeroExitCode' && cause !== undefined) return Number(cause.message);
  throw new UserError(`error: Internal error occurred: ${String(status.message ?? text)}`);
}

async function sendInput(socket: WebSocket, { input }: RemoteCommand): Promise<void> {
  if (input === undefined) return;
  for await (const chunk of input) {
    if (socket.readyState !== WebSocket.OPEN) return;
    await send(socket, channels.stdin, chunk);
  }
  // Protocol v4 has no way to say that the input is over.
  if (socket.protocol.startsWith('v5')) await send(socket, channels.close, Uint8Array.of(channels.stdin));
}

async function sendSizes(socket: WebSocket, { sizes }: RemoteCommand): Promise<void> {
  for await (const { columns, rows } of sizes ?? [])
    await send(socket, channels.resize, Buffer.from(JSON.stringify({ Width: columns, Height: rows })));
}

/** Resolves when it is out, or enough of it that more may follow. */
async function send(socket: WebSocket, channel: number, content: Uint8Array): Promise<void> {
  if (socket.readyState !== WebSocket.OPEN) return;
  const message = Buffer.concat([Buffer.from([channel]), content]);
  if (socket.bufferedAmount < maxBuffered) socket.send(message);
  else await new Promise<void>((resolve) => socket.send(message, () => resolve()));
}
