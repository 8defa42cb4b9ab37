/** Channels as SPDY streams: the client opens one for each, with its name in `streamtype`. */

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { type RemoteChannels, TerminalSizeReader } from './remote-command.ts';
import { SpdyConnection, type SpdyStream } from './spdy-connection.ts';

const openTimeoutMs = 30_000;

/** Resolves when all streams that were announced are open. */
export async function openSpdyChannels(
  { socket, head }: { readonly socket: Duplex; readonly head: Buffer },
  expected: ReadonlySet<string>,
): Promise<RemoteChannels> {
  const streams = new Map<string, SpdyStream>();
  const gone = new AbortController();
  let complete: () => void = () => {};
  const connection = new SpdyConnection(socket, (stream) => {
    streams.set(stream.headers.get('streamtype') ?? '', stream);
    if ([...expected].every((name) => streams.has(name))) complete();
  });
  void connection.run(head).then(() => gone.abort());
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('The caller did not open its streams')), openTimeoutMs);
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
      await Promise.race([once(stream, 'drain'), once(gone.signal, 'abort')]);
    },
    onResize(listener) {
      const sizes = new TerminalSizeReader();
      streams.get('resize')?.on('data', (chunk: Buffer) => {
        for (const size of sizes.read(chunk)) listener(size);
      });
    },
    gone: gone.signal,
    async finish(status) {
      for (const name of ['stdout', 'stderr']) streams.get(name)?.end();
      const error = streams.get('error');
      await new Promise<void>((resolve) => {
        if (error === undefined || error.destroyed) resolve();
        else error.end(JSON.stringify(status), resolve);
        gone.signal.addEventListener('abort', () => resolve());
      });
      connection.close();
    },
  };
}
