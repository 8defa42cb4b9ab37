/**
 * Sends GET requests at a steady rate, half of them each on a connection of its own, half over kept-alive ones, until
 * SIGTERM; then prints what came of them as JSON: `node request-load.mjs URL RATE`. Run as a process of its own, in the
 * network of a host.
 *
 * As browsers and the HTTP clients of Go and Java do, it sends a request again when a connection that had been used
 * before was closed without a byte of an answer: a server may close an idle connection at any time, and who sends just
 * then cannot know. Nothing else is tried again.
 */

import http from 'node:http';

const timeoutMs = 5_000;
const tickMs = 10;
const connections = 20;

class RequestLoad {
  #url;
  #kept = new http.Agent({ keepAlive: true, maxSockets: connections });
  /** @type {Record<string, number>} */
  #failures = {};
  #sent = 0;
  #failed = 0;
  #repeated = 0;
  #underWay = 0;

  /** @param {string} url */
  constructor(url) {
    this.#url = url;
  }

  /**
   * @param {number} rate
   * @param {AbortSignal} signal
   */
  async run(rate, signal) {
    const startedAt = performance.now();
    while (!signal.aborted) {
      const due = Math.floor(((performance.now() - startedAt) * rate) / 1000);
      while (this.#sent < due) this.#begin();
      await new Promise((resolve) => setTimeout(resolve, tickMs));
    }
    while (this.#underWay > 0) await new Promise((resolve) => setTimeout(resolve, tickMs));
    this.#kept.destroy();
    return { sent: this.#sent, failed: this.#failed, repeated: this.#repeated, failures: this.#failures };
  }

  #begin() {
    this.#sent += 1;
    this.#underWay += 1;
    const isKept = this.#sent % 2 === 0;
    this.#send(isKept).then(
      () => {
        this.#underWay -= 1;
      },
      (/** @type {unknown} */ error) => {
        this.#underWay -= 1;
        this.#failed += 1;
        const why = `${isKept ? 'kept' : 'new'}: ${error instanceof Error ? error.message : String(error)}`;
        this.#failures[why] = (this.#failures[why] ?? 0) + 1;
      },
    );
  }

  /** @param {boolean} isKept */
  async #send(isKept) {
    for (;;) {
      const answer = await this.#ask(isKept);
      if (answer !== 'closed') return;
      this.#repeated += 1;
    }
  }

  /**
   * `closed`: the connection had been used before, and ended before anything was answered.
   *
   * @param {boolean} isKept
   * @returns {Promise<'answered' | 'closed'>}
   */
  #ask(isKept) {
    return new Promise((resolve, reject) => {
      const request = http.get(this.#url, { agent: isKept ? this.#kept : false, timeout: timeoutMs }, (response) => {
        response.on('error', reject);
        response.resume().on('end', () => {
          if (response.statusCode === 200 && response.complete) resolve('answered');
          else reject(new Error(`status ${response.statusCode}`));
        });
      });
      request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      request.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
        const isClosed = error.code === 'ECONNRESET' || error.code === 'EPIPE';
        if (request.reusedSocket && isClosed) resolve('closed');
        else reject(error);
      });
    });
  }
}

const [, , url = '', rate = '0'] = process.argv;
const over = new AbortController();
process.once('SIGTERM', () => over.abort());
process.stdout.write('sending\n');
const outcome = await new RequestLoad(url).run(Number(rate), over.signal);
process.stdout.write(`${JSON.stringify(outcome)}\n`);
