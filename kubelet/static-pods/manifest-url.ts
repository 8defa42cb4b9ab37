/** A manifest behind a URL, asked for from time to time. What it said last stays while there is no answer. */

import type { Pod } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import { networkReasonOf } from '../../base/network-error-text.ts';
import type { ManifestLook, ManifestSource } from './manifest-source.ts';
import { readPods } from './read-pods.ts';

export interface ManifestUrlOptions {
  /** Of `http` or `https`. */
  readonly url: URL;
  /** Sent with each request; they may be secret. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly nodeName: string;
  readonly clock: Clock;
  readonly everyMs: number;
}

const timeoutMs = 10_000;
const maxBytes = 10 * 2 ** 20;

export class ManifestUrl implements ManifestSource {
  readonly kind = 'http';
  /** Without what may be secret in a URL. */
  readonly name: string;
  readonly #options: ManifestUrlOptions;
  #text: string | undefined;
  #pods: readonly Pod[] | undefined;
  #problem: string | undefined;

  constructor(options: ManifestUrlOptions) {
    this.#options = options;
    this.name = `${options.url.origin}${options.url.pathname}`;
  }

  async run(onLook: (look: ManifestLook) => void, signal: AbortSignal): Promise<void> {
    const { clock, everyMs } = this.#options;
    while (!signal.aborted) {
      await this.#ask(signal);
      if (signal.aborted) return;
      onLook({
        pods: this.#pods === undefined ? new Map() : new Map([[this.name, this.#pods]]),
        problems: this.#problem === undefined ? new Map() : new Map([[this.name, this.#problem]]),
      });
      await clock.sleep(everyMs, signal);
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    try {
      const text = await this.#fetch(signal);
      if (text === this.#text) return; // as before, good or bad; a request that failed has forgotten it
      this.#text = text;
      this.#pods = await readPods(text, { kind: 'http', name: this.name, nodeName: this.#options.nodeName });
      this.#problem = undefined;
    } catch (error) {
      this.#problem = errorText(error);
    }
  }

  async #fetch(signal: AbortSignal): Promise<string> {
    const { url, headers } = this.#options;
    const sent = new Headers(headers.map(([name, value]) => [name, value]));
    const { username, password } = url;
    if (username !== '' || password !== '') {
      const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
      sent.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
    }
    const bare = new URL(url);
    bare.username = '';
    bare.password = '';
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const answer = await fetch(bare, { headers: sent, signal: limit });
      if (!answer.ok) throw new Error(`${this.name}: ${answer.status} ${answer.statusText}`.trim());
      return await readBounded(answer, this.name);
    } catch (error) {
      this.#text = undefined;
      // fetch hides the reason behind its own words.
      const reason = networkReasonOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
      throw reason === undefined ? error : new Error(`${this.name}: ${reason}`, { cause: error });
    }
  }
}

async function readBounded(answer: Response, name: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`${name} answers with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  if (length === 0) throw new Error(`zero-length data received from ${name}`);
  return Buffer.concat(chunks).toString('utf8');
}
