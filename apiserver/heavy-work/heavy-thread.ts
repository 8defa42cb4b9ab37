/** One thread that does heavy jobs, one at a time. It begins when it is made; what it does ends with it. */

import { join } from 'node:path';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { StatusError, tooLarge } from '../../api/status-error.ts';
import { packageRoot } from '../../base/package-root.ts';
import type { JobOptions } from '../request/other-thread.ts';
import type { JobAnswer, JobMessage } from './heavy-worker.ts';

export interface Job {
  readonly message: JobMessage;
  readonly options: JobOptions;
  resolve(output: unknown): void;
  reject(error: unknown): void;
}

export interface HeavyThreadOptions {
  readonly maxHeapMegabytes: number;
  /** The job is over, whatever came of it: the thread is at leisure, or has ended. */
  onFree(): void;
}

export class HeavyThread {
  readonly #worker: Worker;
  readonly #onFree: () => void;
  /** Of the job that runs, or of the end of its leisure. */
  #timer: NodeJS.Timeout | undefined;
  #job: Job | undefined;
  #isEnded = false;
  /** It has done a job: it is loaded. */
  #isLoaded = false;

  constructor({ maxHeapMegabytes, onFree }: HeavyThreadOptions) {
    this.#onFree = onFree;
    this.#worker = openThread({ resourceLimits: { maxOldGenerationSizeMb: maxHeapMegabytes } });
    this.#worker.on('message', (answer: JobAnswer) => this.#answer(answer));
    this.#worker.on('error', (error: NodeJS.ErrnoException) => {
      const isFull = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.end(isFull ? tooLarge('Request entity too large: it takes too much memory') : error);
    });
  }

  get job(): Job | undefined {
    return this.#job;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Of a thread at leisure. `late` says what the job is told that takes more than `limitMs`; the thread ends with it. */
  begin(job: Job, limitMs: number, late: () => Error): void {
    clearTimeout(this.#timer);
    this.#worker.ref();
    this.#worker.postMessage(job.message);
    this.#job = job;
    this.#timer = setTimeout(() => this.end(late()), limitMs);
  }

  /** There is nothing to do: nobody waits for the process because of it, and it ends after a while. */
  rest(idleMs: number): void {
    this.#worker.unref();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(undefined), idleMs).unref();
  }

  /** It is of no more use; neither is what it was doing, which fails with `error`. Idempotent. */
  end(error: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#timer);
    const job = this.#job;
    this.#job = undefined;
    void this.#worker.terminate();
    job?.reject(error);
    this.#onFree();
  }

  #answer(answer: JobAnswer): void {
    const job = this.#job;
    if (job === undefined) return;
    clearTimeout(this.#timer);
    this.#job = undefined;
    this.#isLoaded = true;
    settle(job, answer);
    this.#onFree();
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
