/** Channels as SPDY streams: the client opens one for each, with its name in `streamtype`. */

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { untilDrained } from '../../../base/until-drained.ts';
import { encodeExitStatus, type RemoteChannels, TerminalSizeReader } from './remote-command.ts';
import { SpdyConnection, type SpdyStream } from './spdy-connection.ts';

const openTimeoutMs = 30_000;

export interface SpdyCommand {
  /** The streams that the client is going to open. */
  readonly expected: ReadonlySet<string>;
  /** `v4.channel.k8s.io` …; empty: the first there was. */
  readonly protocol: string;
}

/** Resolves when all streams that were announced are open. */
export async function openSpdyChannels(
  { socket, head }: { readonly socket: Duplex; readonly head: Buffer },
  { expected, protocol }: SpdyCommand,
): Promise<RemoteChannels> {
  const streams = new Map<string, SpdyStream>();
  const gone = new AbortController();
  let complete: () => void = () => {};
  const connection = new SpdyConnection(socket, (stream) => {
    const name = stream.headers.get('streamtype') ?? '';
    if (!expected.has(name) || streams.has(name)) return stream.reset(); // nobody would read it
    streams.set(name, stream);
    if (streams.size === expected.size) complete();
  });
  socket.on('close', () => gone.abort());
  void connection.run(head, 'keep input').then(() => gone.abort());
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error('The caller did not open its streams'));
      socket.destroy();
    }, openTimeoutMs);
    complete = () => {
      clearTimeout(timer);
      resolve();
    };
    gone.signal.addEventListener('abort', complete);
  });
  return {
    stdin: streams.get('stdin'),
    async write(channel, content) {
      const stream = streams.get(channel);
      if (stream === undefined || stream.destroyed || stream.write(content)) return;
      await untilDrained(stream, gone.signal);
    },
    onResize(listener) {
      const sizes = new TerminalSizeReader();
      streams.get('resize')?.on('data', (chunk: Buffer) => {
        for (const size of sizes.read(chunk)) listener(size);
      });
    },
    gone: gone.signal,
    async finish(status) {
      const content = encodeExitStatus(protocol, status);
      await Promise.race([
        // The output first: who reads the status hangs up.
        Promise.all([endStream(streams.get('stdout')), endStream(streams.get('stderr'))]).then(() =>
          endStream(streams.get('error'), content),
        ),
        abortOf(gone.signal),
      ]);
      connection.close();
    },
  };
}

/** Resolves when all of it is out. */
function endStream(stream: SpdyStream | undefined, last?: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (stream === undefined || stream.destroyed) return resolve();
    stream.on('close', resolve);
    if (last !== undefined) stream.write(last);
    stream.end(resolve);
  });
}

async function abortOf(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
