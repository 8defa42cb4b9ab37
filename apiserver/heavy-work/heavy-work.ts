/**
 * Does what takes long in a thread of its own, so that no request waits for another one's three megabytes: one job at a
 * time, in the order in which they came. The thread begins with the first job and ends when there has been none for a
 * while: a cluster at rest does not pay for it.
 *
 * Whatever a job does, it harms nobody else: one that takes too long, or too much memory, ends with its thread.
 */

import { join } from 'node:path';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { StatusError, serviceUnavailable, timeout, tooLarge } from '../../api/status-error.ts';
import { packageRoot } from '../../base/package-root.ts';
import type { JobOptions, OtherThread } from '../request/other-thread.ts';
import type { JobAnswer, JobMessage } from './heavy-worker.ts';

/** Bodies and objects from here on are heavy: less takes a few milliseconds, and another thread would only add to it. */
const heavyBytes = 32 * 1024;

export interface HeavyWorkOptions {
  /** How long one job may take. Default 20 s. */
  readonly limitMs?: number;
  /** How much longer the first job of a thread may take, which has to load first. Default one minute. */
  readonly startMs?: number;
  /** The thread ends after this long without a job. Default one minute. */
  readonly idleMs?: number;
  /** How large the thread's heap may become. Default 1 GiB. */
  readonly maxHeapMegabytes?: number;
}

interface Job {
  readonly message: JobMessage;
  readonly options: JobOptions;
  resolve(output: unknown): void;
  reject(error: unknown): void;
}

export class HeavyWork implements OtherThread {
  readonly #limitMs: number;
  readonly #startMs: number;
  readonly #idleMs: number;
  readonly #maxHeapMegabytes: number;
  readonly #waiting: Job[] = [];
  #worker: Worker | undefined;
  #running: Job | undefined;
  /** Of the job that runs, or of the end of the thread's leisure. */
  #timer: NodeJS.Timeout | undefined;

  constructor({ limitMs = 20_000, startMs = 60_000, idleMs = 60_000, maxHeapMegabytes = 1024 }: HeavyWorkOptions = {}) {
    this.#limitMs = limitMs;
    this.#startMs = startMs;
    this.#idleMs = idleMs;
    this.#maxHeapMegabytes = maxHeapMegabytes;
  }

  isHeavy(bytes: number): boolean {
    return bytes >= heavyBytes;
  }

  run(name: string, input: object, options: JobOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message: { name, input }, options, resolve, reject });
      this.#next();
    });
  }

  /** Jobs that have not ended fail. */
  async close(): Promise<void> {
    const unfinished = this.#waiting.splice(0);
    this.#end(serviceUnavailable('the server is stopping'));
    for (const job of unfinished) job.reject(serviceUnavailable('the server is stopping'));
  }

  #next(): void {
    if (this.#running !== undefined) return;
    const job = this.#waiting.shift();
    if (job === undefined) {
      this.#rest();
      return;
    }
    try {
      job.options.throwIfAbandoned();
      this.#begin(job);
    } catch (error) {
      this.#running = undefined;
      job.reject(error);
      this.#next();
    }
  }

  #begin(job: Job): void {
    clearTimeout(this.#timer);
    this.#running = job;
    const limitMs = this.#limitMs + (this.#worker === undefined ? this.#startMs : 0);
    this.#worker ??= this.#startThread();
    this.#worker.ref();
    this.#worker.postMessage(job.message);
    this.#timer = setTimeout(() => {
      this.#end(timeout(`The request takes more than ${this.#limitMs / 1000} s of work`));
      this.#next();
    }, limitMs);
  }

  #startThread(): Worker {
    const worker = openThread({ resourceLimits: { maxOldGenerationSizeMb: this.#maxHeapMegabytes } });
    worker.on('message', (answer: JobAnswer) => {
      if (worker === this.#worker) this.#answer(answer);
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      if (worker !== this.#worker) return;
      const isFull = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#end(isFull ? tooLarge('Request entity too large: it takes too much memory') : error);
      this.#next();
    });
    return worker;
  }

  #answer(answer: JobAnswer): void {
    const job = this.#running;
    this.#running = undefined;
    clearTimeout(this.#timer);
    if (job !== undefined) settle(job, answer);
    this.#next();
  }

  /** The thread is of no more use; neither is what it was doing. */
  #end(error: unknown): void {
    clearTimeout(this.#timer);
    const job = this.#running;
    this.#running = undefined;
    void this.#worker?.terminate();
    this.#worker = undefined;
    job?.reject(error);
  }

  #rest(): void {
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.unref();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(undefined), this.#idleMs).unref();
  }
}

/** A program of its own in the build, wherever this file went. */
const builtWorker = join(packageRoot, 'dist', 'apiserver', 'heavy-work', 'heavy-worker.js');

function openThread(options: WorkerOptions): Worker {
  if (import.meta.url.endsWith('.js')) return new Worker(builtWorker, options);
  // From the sources, as tests run: what reads TypeScript in this thread does not do so in others.
  const source = JSON.stringify(new URL('./heavy-worker.ts', import.meta.url).href);
  const text = `import('tsx/esm/api').then(({ register }) => { register(); return import(${source}); })`;
  return new Worker(text, { ...options, eval: true });
}

function settle({ options, resolve, reject }: Job, answer: JobAnswer): void {
  for (const text of answer.warnings) options.warn(text);
  if ('status' in answer) reject(StatusError.from(answer.status));
  else if ('error' in answer) reject(new Error(answer.error));
  else resolve(answer.output);
}
