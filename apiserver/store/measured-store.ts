/** A store whose calls are timed, for `/metrics`: `etcd_request_duration_seconds`, under upstream's name and labels. */

import type { BoundHistogram, HistogramSeries } from '../../base/bound-metrics.ts';
import type { Clock } from '../../base/clock.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { Entry, ListOptions, ListResult, Store, WatchBatch, WatchOptions, WriteOptions } from './store.ts';

const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10];

export class MeasuredStore implements Store {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #durations: BoundHistogram;
  /** By operation and type. */
  readonly #series = new Map<string, HistogramSeries>();

  constructor(store: Store, { metrics, clock }: { readonly metrics: Metrics; readonly clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
    this.#durations = metrics.boundHistogram({
      name: 'etcd_request_duration_seconds',
      help: 'Time that a call to the store took, by what it did and the resource that it was about.',
      buckets,
    });
  }

  get(key: string): Promise<Entry | undefined> {
    return this.#timed('get', key, this.#store.get(key));
  }

  list(options: ListOptions): Promise<ListResult> {
    return this.#timed('list', options.prefix, this.#store.list(options));
  }

  create(key: string, value: Buffer, options?: WriteOptions): Promise<number> {
    return this.#timed('create', key, this.#store.create(key, value, options));
  }

  update(key: string, value: Buffer, revision: number, options?: WriteOptions): Promise<number> {
    return this.#timed('update', key, this.#store.update(key, value, revision, options));
  }

  delete(key: string, revision: number): Promise<number> {
    return this.#timed('delete', key, this.#store.delete(key, revision));
  }

  watch(options: WatchOptions): AsyncIterable<WatchBatch> {
    return this.#store.watch(options);
  }

  /** Not timed for each: many share one read. */
  currentRevision(): Promise<number> {
    return this.#store.currentRevision();
  }

  compact(revision: number): Promise<void> {
    return this.#store.compact(revision);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #timed<T>(operation: string, key: string, call: Promise<T>): Promise<T> {
    const begin = this.#clock.monotonic();
    try {
      return await call;
    } finally {
      this.#seriesOf(operation, key).observe((this.#clock.monotonic() - begin) / 1000);
    }
  }

  #seriesOf(operation: string, key: string): HistogramSeries {
    const type = typeOf(key);
    const id = `${operation} ${type}`;
    let series = this.#series.get(id);
    if (series === undefined) {
      series = this.#durations.bind({ operation, type });
      this.#series.set(id, series);
    }
    return series;
  }
}

/** `/registry/apps/deployments/default/web` → `apps/deployments`; what lies elsewhere is the server's own. */
function typeOf(key: string): string {
  const group = key.indexOf('/', 1) + 1;
  const resource = key.indexOf('/', group) + 1;
  const end = key.indexOf('/', resource);
  return group === 0 || resource === 0 || end < 0 ? 'own' : key.slice(group, end);
}
