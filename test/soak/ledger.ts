/** Writes without a pause, and what of them was acknowledged: the proof that none of that is lost. */

import { setTimeout as delay } from 'node:timers/promises';
import { configMaps } from '../../api/resources/core.ts';
import type { Client } from '../../client/client.ts';
import { ignoreExisting, untilAcknowledged } from './acknowledged.ts';

const everyMs = 100;
/** Of the writes to the counter, how many there are for each object that is made. */
const writesPerEntry = 10;

export class Ledger {
  readonly #client: Client;
  readonly #namespace: string;
  readonly #stopping = new AbortController();
  /** The counter's last acknowledged value, and the one that was tried after it. */
  #acknowledged = 0;
  #attempted = 0;
  readonly #entries = new Set<string>();
  #refusals: string[] = [];
  #writing: Promise<void> | undefined;

  constructor(client: Client, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  get writes(): number {
    return this.#acknowledged + this.#entries.size;
  }

  async start(): Promise<void> {
    const counter = { metadata: { name: 'counter', namespace: this.#namespace }, data: { count: '0' } };
    await untilAcknowledged(() => ignoreExisting(this.#client.create(configMaps, counter)));
    this.#writing = this.#write();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#writing;
  }

  /** Sentences about what is not as it was acknowledged. */
  async check(): Promise<string[]> {
    const [least, entries] = [this.#acknowledged, [...this.#entries]];
    const { items } = await this.#client.list(configMaps, { namespace: this.#namespace });
    const most = this.#attempted;
    const names = new Set(items.map(({ metadata }) => metadata.name));
    const count = Number(items.find(({ metadata }) => metadata.name === 'counter')?.data?.count);
    const refusals = this.#refusals;
    this.#refusals = [];
    return [
      ...refusals,
      ...(count >= least && count <= most
        ? []
        : [`lost: the counter is ${count}, acknowledged was ${least} and tried ${most}`]),
      ...entries.filter((name) => !names.has(name)).map((name) => `lost: ConfigMap ${name}`),
    ];
  }

  async #write(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#attempted += 1;
      try {
        await this.#writeCounter(this.#attempted);
        if (this.#attempted % writesPerEntry === 0) await this.#writeEntry(`entry-${this.#attempted}`);
      } catch (error) {
        this.#refusals.push(`a write was refused: ${String(error)}`);
      }
      await delay(everyMs);
    }
  }

  async #writeCounter(count: number): Promise<void> {
    const key = { namespace: this.#namespace, name: 'counter' };
    const body = { data: { count: String(count) } };
    await untilAcknowledged(() => this.#client.patch(configMaps, key, { type: 'merge', body }), this.#stopping.signal);
    this.#acknowledged = count;
  }

  async #writeEntry(name: string): Promise<void> {
    const metadata = { name, namespace: this.#namespace };
    await untilAcknowledged(() => ignoreExisting(this.#client.create(configMaps, { metadata })), this.#stopping.signal);
    this.#entries.add(name);
  }
}
