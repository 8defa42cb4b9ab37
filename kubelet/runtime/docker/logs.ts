/** Reading a container's log from the engine, in whole lines. */

import type { Duplex } from 'node:stream';
import type Dockerode from 'dockerode';
import { chunksOf } from '../../../base/chunks.ts';
import type { LogOptions } from '../runtime.ts';
import { ask } from './engine.ts';
import { createEntryReader, type LogEntry } from './log-entries.ts';
import { type EntryMark, findTailStart, LineJoiner, type TailStart } from './log-lines.ts';

interface ReadOptions {
  readonly id: string;
  readonly tty: boolean;
  readonly follow: boolean;
  /** Seconds since 1970, with as many digits as there are; undefined: all. */
  readonly since: string | undefined;
  /** Entries; undefined: all. */
  readonly tail?: number;
}

/** More than the lines that are wanted, in case that some are long or of the other output. */
const spareEntries = 100;

export class DockerLogs {
  readonly #docker: Dockerode;

  constructor(docker: Dockerode) {
    this.#docker = docker;
  }

  async *read(id: string, options: LogOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
    const { follow, timestamps, labelled = false, tailLines } = options;
    const { Config: config } = await ask(this.#docker.getContainer(id).inspect());
    const since = options.since === undefined ? undefined : (options.since / 1000).toFixed(3);
    const all: ReadOptions = { id, tty: config.Tty, follow: false, since };
    const start = tailLines === undefined ? undefined : await this.#findTail(all, { ...options, tailLines }, signal);
    const joiner = new LineJoiner({ timestamps, labelled, ...start });
    let skip = start?.skip ?? 0;
    const from = start?.since === undefined ? since : secondsOf(start.since);
    for await (const entry of this.#entries({ ...all, follow, since: from }, signal)) {
      skip -= 1;
      if (skip < 0 && options[entry.channel]) yield* joiner.add(entry);
    }
    if (!signal.aborted) yield* joiner.finish();
  }

  async #findTail(
    all: ReadOptions,
    options: LogOptions & { readonly tailLines: number },
    signal: AbortSignal,
  ): Promise<TailStart | undefined> {
    for (let tail = options.tailLines + spareEntries; ; tail *= 4) {
      const marks: EntryMark[] = [];
      for await (const { channel, time, endsLine } of this.#entries({ ...all, tail }, signal))
        marks.push({ channel, time, endsLine, isWanted: options[channel] });
      const isWhole = marks.length < tail || signal.aborted;
      const start = findTailStart(marks, { count: options.tailLines, isWhole });
      if (start !== undefined) return start;
    }
  }

  async *#entries(options: ReadOptions, signal: AbortSignal): AsyncGenerator<LogEntry> {
    const stream = await this.#open(options);
    const stop = () => stream.destroy();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const reader = createEntryReader({ tty: options.tty, startsInside: options.tail !== undefined });
    try {
      for await (const chunk of chunksOf(stream)) yield* reader.read(chunk);
      yield* reader.finish();
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      stream.destroy();
    }
  }

  /** As a stream whether it follows or not: a log may be larger than memory. */
  #open({ id, follow, since, tail }: ReadOptions): Promise<Duplex> {
    const query = {
      follow,
      timestamps: true,
      stdout: true,
      stderr: true,
      ...(tail !== undefined && { tail }),
      ...(since !== undefined && { since }),
    };
    return ask(
      new Promise<Duplex>((resolve, reject) => {
        const request = {
          path: `/containers/${id}/logs?`,
          method: 'GET',
          options: query,
          isStream: true,
          statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
        };
        this.#docker.modem.dial(request, (error, stream) => {
          if (error) reject(error);
          // The types leave open what a dialled stream is: a socket.
          else resolve(stream as Duplex);
        });
      }),
    );
  }
}

/** As the engine wants times: seconds and nanoseconds. */
const secondsOf = (time: string): string => `${Date.parse(`${time.slice(0, 19)}Z`) / 1000}.${time.slice(20, 29)}`;
