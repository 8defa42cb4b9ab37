/** Logs, exec and attach: everything that flows. */

import { type Duplex, PassThrough } from 'node:stream';
import type Dockerode from 'dockerode';
import { type LogOptions, RuntimeError, type Session, type StreamOptions } from '../runtime.ts';
import { ask } from './engine.ts';
import { FrameReader } from './frames.ts';

export class DockerStreams {
  readonly #docker: Dockerode;

  constructor(docker: Dockerode) {
    this.#docker = docker;
  }

  async *logs(id: string, options: LogOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
    const { Config: config } = await ask(this.#docker.getContainer(id).inspect());
    const stream = await this.#openLogs(id, options);
    const stop = () => stream.destroy();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const frames = new FrameReader();
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        if (config.Tty) yield chunk;
        else for (const { content } of frames.read(chunk)) yield content;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      stream.destroy();
    }
  }

  async exec(id: string, command: readonly string[], options: StreamOptions): Promise<Session> {
    const exec = await ask(
      this.#docker.getContainer(id).exec({
        Cmd: [...command],
        AttachStdin: options.stdin,
        AttachStdout: options.stdout,
        AttachStderr: options.stderr,
        Tty: options.tty,
      }),
    );
    const socket = await ask(exec.start({ hijack: true, stdin: true, Tty: options.tty }));
    return openSession(socket, options, {
      resize: (columns, rows) => ask(exec.resize({ w: columns, h: rows })),
      exitCode: async () => (await ask(exec.inspect())).ExitCode ?? undefined,
    });
  }

  async attach(id: string, options: StreamOptions): Promise<Session> {
    const container = this.#docker.getContainer(id);
    const { Config: config } = await ask(container.inspect());
    const { stdin, stdout, stderr } = options;
    const socket = (await ask(
      container.attach({ stream: true, stdin, stdout, stderr, hijack: true }),
    )) as unknown as Duplex;
    return openSession(
      socket,
      { ...options, tty: config.Tty },
      { resize: (columns, rows) => ask(container.resize({ w: columns, h: rows })), exitCode: async () => undefined },
    );
  }

  /** As a stream whether it follows or not: a log may be larger than memory. */
  async #openLogs(id: string, options: LogOptions): Promise<Duplex> {
    const { follow, timestamps, tailLines, since, stdout, stderr } = options;
    const query = {
      follow,
      timestamps,
      stdout,
      stderr,
      ...(tailLines !== undefined && { tail: tailLines }),
      ...(since !== undefined && { since: (since / 1000).toFixed(3) }),
    };
    return await ask(
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
          else resolve(stream as Duplex);
        });
      }),
    );
  }
}

/** Not executable, and not found. */
const refusedCodes: readonly number[] = [126, 127];
const refusalHead = Buffer.from('OCI runtime exec failed: ');

interface SessionControls {
  resize(columns: number, rows: number): Promise<unknown>;
  exitCode(): Promise<number | undefined>;
}

function openSession(socket: Duplex, options: StreamOptions, controls: SessionControls): Session {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const frames = new FrameReader();
  /** The first output, when it may be the engine's word and not the program's: only the exit code tells. */
  let refusal: Buffer | undefined;
  let heard = false;
  const over = new Promise<void>((resolve) => {
    socket.on('close', resolve);
    socket.on('end', resolve);
    socket.on('error', resolve); // a broken connection is an end like any other
  });
  socket.on('data', (chunk: Buffer) => {
    const parts = options.tty ? [{ channel: 'stdout', content: chunk } as const] : frames.read(chunk);
    for (const { channel, content } of parts) {
      // The engine says on the output of a program why it could not be run.
      if (!heard && content.subarray(0, refusalHead.length).equals(refusalHead)) refusal = content;
      heard = true;
      if (content === refusal) continue;
      if (refusal !== undefined) stdout.write(refusal);
      refusal = undefined;
      const target = channel === 'stdout' ? stdout : stderr;
      if (target.write(content)) continue;
      // A slow reader slows the process, instead of filling our memory.
      socket.pause();
      target.once('drain', () => socket.resume());
    }
  });
  const done = over.then(async () => {
    try {
      const exitCode = await controls.exitCode();
      if (refusal !== undefined && refusedCodes.includes(exitCode ?? 0))
        throw new RuntimeError('Refused', refusal.toString().trim());
      if (refusal !== undefined) stdout.write(refusal);
      return exitCode;
    } finally {
      stdout.end();
      stderr.end();
    }
  });
  done.catch(() => undefined); // whoever waits for `done` hears of it; nobody has to
  return {
    stdin: options.stdin ? socket : undefined,
    stdout,
    stderr,
    async resize(columns, rows) {
      await controls.resize(columns, rows);
    },
    done,
    close: () => socket.destroy(),
  };
}
