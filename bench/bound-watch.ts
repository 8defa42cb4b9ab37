/** Tells when pods have got their nodes, at next to no cost: events of a watch are searched for words, never parsed. */

import { chunksOf } from '../base/chunks.ts';
import { createDeferred, type Deferred } from '../base/deferred.ts';
import type { Client } from '../client/client.ts';

const newline = 0x0a;
const [nameStart, nodeStart] = ['"name":"', '"nodeName":"'].map((text) => Buffer.from(text)) as [Buffer, Buffer];

export class BoundWatch {
  readonly #over = new AbortController();
  /** Names of pods that got a node since the watch began. */
  readonly #bound = new Set<string>();
  #prefix = '';
  #missing = 0;
  #reached: Deferred<void> = createDeferred();

  /** Of the pods in the collection at `path`, from now on. */
  static async open(client: Client, path: string): Promise<BoundWatch> {
    const { text } = await client.raw('GET', `${path}?limit=1`);
    const { metadata } = JSON.parse(text) as { metadata: { resourceVersion: string } };
    const watch = new BoundWatch();
    const query = `watch=true&timeoutSeconds=3600&resourceVersion=${metadata.resourceVersion}`;
    void watch.#read(await client.stream(`${path}?${query}`, watch.#over.signal));
    return watch;
  }

  /** Resolves when `count` pods whose names begin with `prefix` have got a node. */
  async reached(prefix: string, count: number): Promise<void> {
    this.#prefix = prefix;
    this.#missing = count - [...this.#bound].filter((name) => name.startsWith(prefix)).length;
    this.#reached = createDeferred();
    if (this.#missing > 0) await this.#reached.promise;
  }

  close(): void {
    this.#over.abort();
  }

  async #read(stream: NodeJS.ReadableStream): Promise<void> {
    let unfinished: Buffer[] = [];
    try {
      for await (const chunk of chunksOf(stream)) {
        let start = 0;
        for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
          const rest = chunk.subarray(start, end);
          this.#see(unfinished.length === 0 ? rest : Buffer.concat([...unfinished, rest]));
          unfinished = [];
          start = end + 1;
        }
        if (start < chunk.length) unfinished.push(chunk.subarray(start));
      }
      this.#reached.reject(new Error('The watch of pods ended'));
    } catch (error) {
      if (!this.#over.signal.aborted) this.#reached.reject(error);
    }
  }

  #see(event: Buffer): void {
    if (event.indexOf(nodeStart) < 0) return;
    const start = event.indexOf(nameStart) + nameStart.length;
    const name = event.toString('latin1', start, event.indexOf('"', start));
    if (this.#bound.has(name)) return;
    this.#bound.add(name);
    if (name.startsWith(this.#prefix) && --this.#missing === 0) this.#reached.resolve();
  }
}
