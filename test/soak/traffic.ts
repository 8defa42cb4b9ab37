/** Requests to the Service without a pause, each on a connection of its own, and which of them failed. */

import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const everyMs = 100;
const timeoutMs = 3_000;

export class Traffic {
  readonly #url: string;
  readonly #stopping = new AbortController();
  #failures: string[] = [];
  #requests = 0;
  #underWay: Promise<void> = Promise.resolve();
  #running: Promise<void> | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  get requests(): number {
    return this.#requests;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Why requests failed that began before now, since the last time that it was asked. */
  async takeFailures(): Promise<string[]> {
    await this.#underWay;
    const failures = this.#failures;
    this.#failures = [];
    return failures;
  }

  /** Throws when the Service does not answer. */
  async request(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const request = http.get(this.#url, { agent: false, timeout: timeoutMs }, (response) => {
        response.resume();
        response.on('end', () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`code ${response.statusCode}`)),
        );
        response.on('error', reject);
      });
      request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
      request.on('error', reject);
    });
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#requests += 1;
      this.#underWay = this.request().catch((error: Error) => {
        this.#failures.push(`a request to the Service failed: ${error.message}`);
      });
      await this.#underWay;
      await delay(everyMs);
    }
  }
}
