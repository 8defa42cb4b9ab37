/**
 * A conversation with a process over one connection to the engine.
 *
 * Invariants:
 * - All that was written to `stdin` reaches the process, if it reads, also when nobody listens any more: until the
 *   engine has passed it on the connection stays, as the engine gives up input when it cannot bring output away.
 * - All that the process has written can be read, also when it ended without reading its input.
 */

import { type Duplex, PassThrough, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { RuntimeError, type Session, type StreamOptions } from '../runtime.ts';
import { ask } from './engine.ts';
import { type Frame, FrameReader } from './frames.ts';

export interface SessionControls {
  /** Whether the process has an input of its own that can end. */
  readonly inputEnds: boolean;
  resize(columns: number, rows: number): Promise<unknown>;
  /** May give up when `signal` aborts: then nobody wants to know. */
  exitCode(signal: AbortSignal): Promise<number | undefined>;
  /**
   * Where the engine may forget to end the connection: settles once the process is over or `signal` aborts. Rejects
   * when that cannot be known.
   */
  processOver?(signal: AbortSignal): Promise<void>;
}

export function openSession(socket: Duplex, options: StreamOptions, controls: SessionControls): Session {
  const closed = new AbortController();
  const outputs = new SessionOutputs(socket, options);
  const stdin = options.stdin ? openInput(socket, controls.inputEnds) : undefined;
  const over = new Promise<void>((resolve) => {
    socket.on('close', resolve);
    socket.on('end', resolve);
    socket.on('error', resolve); // a broken connection is an end like any other
  });
  if (controls.processOver !== undefined) void endWithProcess(socket, over, controls.processOver);
  const done = over.then(async () => {
    stdin?.destroy();
    try {
      const exitCode = await controls.exitCode(closed.signal);
      outputs.release(exitCode);
      return exitCode;
    } finally {
      outputs.end();
    }
  });
  done.catch(() => undefined); // whoever waits for `done` hears of it; nobody has to
  return {
    stdin,
    stdout: outputs.stdout,
    stderr: outputs.stderr,
    async resize(columns, rows) {
      await controls.resize(columns, rows);
    },
    done,
    close() {
      closed.abort();
      outputs.drop();
      if (stdin === undefined) socket.destroy();
      else socket.end();
    },
  };
}

/** An engine that does end the connection has nothing more to say for this long after the end of a process. */
const lastWordsMs = 500;

/** Ends the connection of a process that is over once no more of what it wrote comes. */
async function endWithProcess(
  socket: Duplex,
  over: Promise<void>,
  processOver: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  void over.then(() => stop.abort());
  try {
    await processOver(stop.signal);
    await untilSilent(socket, stop.signal);
  } catch {
    // Unknown whether the process is over, or the connection ended by itself: then it goes as the engine has it.
    return;
  }
  socket.destroy();
}

/** Until a connection that somebody reads has had nothing to read for a while. Rejects when `signal` aborts. */
async function untilSilent(socket: Duplex, signal: AbortSignal): Promise<void> {
  let isHeard = true;
  const hear = () => {
    isHeard = true;
  };
  socket.on('data', hear);
  try {
    while (isHeard || socket.isPaused()) {
      isHeard = false;
      await delay(lastWordsMs, undefined, { signal });
    }
  } finally {
    socket.off('data', hear);
  }
}

/** What cannot be written any more is dropped: how the process ended says enough. */
function openInput(socket: Duplex, inputEnds: boolean): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      if (socket.writable) socket.write(chunk, () => done());
      else done();
    },
    final(done) {
      if (inputEnds && socket.writable) socket.end(() => done());
      else done();
    },
  });
}

/** Not executable, and not found. */
const refusedCodes: readonly number[] = [126, 127];
const refusalHead = Buffer.from('OCI runtime exec failed: ');

/** Takes what comes from the engine apart; what was not asked for is dropped. */
class SessionOutputs {
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly #socket: Duplex;
  readonly #wanted: Pick<StreamOptions, 'stdout' | 'stderr'>;
  /** The first output, when it may be the engine's word and not the program's: only the exit code tells. */
  #refusal: Buffer | undefined;
  #heard = false;
  #dropped = false;

  constructor(socket: Duplex, { stdout, stderr, tty }: StreamOptions) {
    this.#socket = socket;
    this.#wanted = { stdout, stderr };
    const frames = new FrameReader();
    socket.on('data', (chunk: Buffer) => {
      for (const frame of tty ? [{ channel: 'stdout', content: chunk } as const] : frames.read(chunk))
        this.#take(frame);
    });
  }

  /** From now on nobody reads. */
  drop(): void {
    this.#dropped = true;
    this.stdout.resume();
    this.stderr.resume();
    this.#socket.resume();
  }

  /** Throws the engine's word when it was that. */
  release(exitCode: number | undefined): void {
    if (this.#refusal === undefined) return;
    if (refusedCodes.includes(exitCode ?? 0)) throw new RuntimeError('Refused', this.#refusal.toString().trim());
    this.#pass({ channel: 'stdout', content: this.#refusal });
  }

  end(): void {
    this.stdout.end();
    this.stderr.end();
  }

  #take(frame: Frame): void {
    // The engine says on the output of a program why it could not be run.
    const isFirst = !this.#heard;
    this.#heard = true;
    if (isFirst && frame.content.subarray(0, refusalHead.length).equals(refusalHead)) {
      this.#refusal = frame.content;
      return;
    }
    if (this.#refusal !== undefined) this.#pass({ channel: 'stdout', content: this.#refusal });
    this.#refusal = undefined;
    this.#pass(frame);
  }

  #pass({ channel, content }: Frame): void {
    if (this.#dropped || !this.#wanted[channel]) return;
    const target = this[channel];
    if (target.write(content)) return;
    // A slow reader slows the process, instead of filling our memory.
    this.#socket.pause();
    target.once('drain', () => this.#socket.resume());
  }
}

const firstLookMs = 20;
const longestWaitMs = 2_000;

/** A process may close its outputs and go on, and the engine may know of the end a little later than we do. */
export async function readExitCode(exec: Dockerode.Exec, signal: AbortSignal): Promise<number | undefined> {
  for (let waitMs = firstLookMs; !signal.aborted; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    const { Running: running, ExitCode: exitCode } = await ask(exec.inspect());
    if (!running) return exitCode ?? undefined;
    await delay(waitMs);
  }
  return undefined;
}
