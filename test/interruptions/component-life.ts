/**
 * One life of a component, from its start until it is killed: what it hears and what becomes of its requests.
 *
 * Invariants:
 * - A request that was sent happens, whether or not its sender lives to see the answer.
 * - The dead hear nothing and send nothing; whoever waits at a gate is let go, and told that the server is away.
 * - Events that are recorded are no boundaries: nothing depends on them.
 */

import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { serviceUnavailable } from '../../api/status-error.ts';
import type { Client, WatchEvent, WatchOptions } from '../../client/client.ts';
import { Gate } from './gate.ts';
import { worldIdIn } from './world.ts';

/** A write that is about to be sent, or was. */
export interface Write {
  /** Of a controller, or the component itself. */
  readonly writer: string;
  /** Which world it is about, by its id; undefined: none, or all. */
  readonly world: string | undefined;
}

/** What becomes of a write: what is done instead of sending it, and before its answer is handed over. */
export interface Fate {
  /** False: it is not sent. */
  readonly isSent: boolean;
  readonly isAnswered: boolean;
}

export const ordinary: Fate = { isSent: true, isAnswered: true };

interface Place {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

const worldInPath = (path: string): string | undefined => worldIdIn(/\/namespaces\/([^/]+)/.exec(path)?.[1]);

const lost = () => serviceUnavailable('the connection was lost');

export class ComponentLife {
  readonly #client: Client;
  readonly #judge: (write: Write) => Fate;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #watchGates = new Map<string, Gate>();
  readonly #callGates = new Map<string, Gate>();
  readonly #end = new AbortController();

  /** `judge` is asked before each write, in order; it may kill this life. */
  constructor(client: Client, judge: (write: Write) => Fate) {
    this.#client = client;
    this.#judge = judge;
  }

  /** Aborts when it is killed. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  kill(): void {
    this.#end.abort();
    for (const gate of [...this.#watchGates.values(), ...this.#callGates.values()]) gate.open();
  }

  /** Resolves when all that it has sent has come to an end. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  /** What is seen from here on of a resource, by its plural, or of anything. */
  watchGate(plural = '*'): Gate {
    return gateOf(this.#watchGates, plural);
  }

  /** All requests of a controller, or of the component itself. */
  callGate(writer: string): Gate {
    return gateOf(this.#callGates, writer);
  }

  /** The way to the server of a controller, or of the component itself. */
  clientOf(writer: string): Client {
    const client = this.#client;
    const write = <T>(resource: Resource, where: Place, send: () => Promise<T>): Promise<T> =>
      resource.plural === 'events'
        ? this.#read(writer, send)
        : this.#write({ writer, world: worldIdIn(where.namespace ?? where.name) }, send);
    const writeObject = <T>(kind: Resource, { metadata = {} }: KubernetesObject, send: () => Promise<T>): Promise<T> =>
      write(kind, metadata, send);
    return {
      get: (kind, key) => this.#read(writer, () => client.get(kind, key)),
      list: (kind, options) => this.#read(writer, () => client.list(kind, options)),
      watch: (kind, options) => this.#watch(kind, options),
      create: (kind, object, options) => writeObject(kind, object, () => client.create(kind, object, options)),
      update: (kind, object, options) => writeObject(kind, object, () => client.update(kind, object, options)),
      patch: (kind, key, body, options) => write(kind, key, () => client.patch(kind, key, body, options)),
      delete: (kind, key, options) => write(kind, key, () => client.delete(kind, key, options)),
      deleteCollection: (kind, options) => write(kind, options, () => client.deleteCollection(kind, options)),
      createSubresource: (kind, key, subresource, body) =>
        write(kind, key, () => client.createSubresource(kind, key, subresource, body)),
      raw: (method, path, options) =>
        method === 'GET'
          ? this.#read(writer, () => client.raw(method, path, options))
          : this.#write({ writer, world: worldInPath(path) }, () => client.raw(method, path, options)),
      stream: (path, signal, headers) => this.#read(writer, () => client.stream(path, signal, headers)),
      close: async () => {},
    };
  }

  async #read<T>(writer: string, send: () => Promise<T>): Promise<T> {
    await this.callGate(writer).pass();
    this.#refuseDead();
    const answer = await this.#sent(send());
    this.#refuseDead();
    return answer;
  }

  async #write<T>(write: Write, send: () => Promise<T>): Promise<T> {
    await this.callGate(write.writer).pass();
    this.#refuseDead();
    const fate = this.#judge(write);
    if (!fate.isSent) throw lost();
    const answer = await this.#sent(send());
    if (!fate.isAnswered) throw lost();
    this.#refuseDead();
    return answer;
  }

  async *#watch<T extends KubernetesObject>(kind: Resource<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    for await (const event of this.#client.watch(kind, options)) {
      await this.watchGate(kind.plural).pass();
      await this.watchGate().pass();
      if (options.signal.aborted) return;
      yield event;
    }
  }

  async #sent<T>(request: Promise<T>): Promise<T> {
    this.#underWay.add(request);
    try {
      return await request;
    } finally {
      this.#underWay.delete(request);
    }
  }

  #refuseDead(): void {
    if (this.#end.signal.aborted) throw lost();
  }
}

function gateOf(gates: Map<string, Gate>, name: string): Gate {
  const gate = gates.get(name) ?? new Gate();
  gates.set(name, gate);
  return gate;
}
