/**
 * One informer for each resource, made when it is first asked for, for all that run in one process.
 *
 * Invariants:
 * - Two that ask for the same resource get the same informer, so that it is listed, watched and kept in memory once.
 * - Who needs metadata only shares the whole objects where they are kept anyway; asked for first, it stays metadata.
 * - Informers run from `run` on, also those that are asked for later.
 */

import type { KubernetesObject } from '../api/object.ts';
import { type Resource, resourceKeyOf } from '../api/resource.ts';
import type { Reader, Watcher } from './client.ts';
import { createInformer, type InformerDependencies } from './informer.ts';
import type { Indexer, Informer, InformerOptions } from './object-cache.ts';

export class SharedInformers {
  readonly #client: Reader & Watcher;
  readonly #dependencies: InformerDependencies;
  readonly #whole = new Map<string, Informer<KubernetesObject>>();
  readonly #metadata = new Map<string, Informer<KubernetesObject>>();
  readonly #running = new Map<
    Informer<KubernetesObject>,
    { readonly end: AbortController; readonly over: Promise<void> }
  >();
  #signal: AbortSignal | undefined;

  constructor(client: Reader & Watcher, dependencies: InformerDependencies) {
    this.#client = client;
    this.#dependencies = dependencies;
  }

  /** Whole objects. Indexers of all that ask are kept; one name always means one indexer. */
  of<T extends KubernetesObject>(
    resource: Resource<T>,
    { indexers = {} }: { readonly indexers?: Readonly<Record<string, Indexer<T>>> } = {},
  ): Informer<T> {
    const key = resourceKeyOf(resource);
    // What is kept under a resource's key was made from that resource.
    const known = this.#whole.get(key) as Informer<T> | undefined;
    if (known !== undefined) {
      known.addIndexers(indexers);
      return known;
    }
    const informer = this.#create(resource, { indexers });
    this.#whole.set(key, informer);
    return informer;
  }

  /** At least the metadata of all objects. */
  metadataOf(resource: Resource): Informer<KubernetesObject> {
    const key = resourceKeyOf(resource);
    const known = this.#whole.get(key) ?? this.#metadata.get(key);
    if (known !== undefined) return known;
    const informer = this.#create(resource, { metadataOnly: true });
    this.#metadata.set(key, informer);
    return informer;
  }

  /** A part of a resource's objects, for a controller that needs no more. Not shared. */
  selected<T extends KubernetesObject>(
    resource: Resource<T>,
    selection: Pick<InformerOptions<T>, 'namespace' | 'labelSelector' | 'fieldSelector'>,
  ): Informer<T> {
    return this.#create(resource, selection);
  }

  /** The server has the resource no more: ends the informer that kept its metadata. Resolves when it is over. */
  async release(resource: Resource): Promise<void> {
    const key = resourceKeyOf(resource);
    const informer = this.#metadata.get(key);
    this.#metadata.delete(key);
    if (informer === undefined) return;
    const running = this.#running.get(informer);
    this.#running.delete(informer);
    running?.end.abort();
    await running?.over;
  }

  /** Runs all, and those that are asked for meanwhile, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const informer of this.#created) this.#start(informer, signal);
    this.#created.length = 0;
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.all([...this.#running.values()].map(({ over }) => over));
  }

  /** Made before `run`. */
  readonly #created: Informer<KubernetesObject>[] = [];

  #create<T extends KubernetesObject>(resource: Resource<T>, options: InformerOptions<T>): Informer<T> {
    const informer = createInformer(this.#client, resource, { ...this.#dependencies, ...options });
    if (this.#signal === undefined) this.#created.push(informer);
    else this.#start(informer, this.#signal);
    return informer;
  }

  #start(informer: Informer<KubernetesObject>, signal: AbortSignal): void {
    const end = new AbortController();
    const over = informer.run(AbortSignal.any([signal, end.signal]));
    this.#running.set(informer, { end, over });
  }
}
