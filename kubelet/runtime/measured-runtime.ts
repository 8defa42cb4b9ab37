/** A runtime whose calls are counted and timed, for `/metrics`, under upstream's names and labels. */

import type { Counter, Histogram } from 'prom-client';
import type { Metrics } from '../../base/metrics.ts';
import type { Runtime } from './runtime.ts';

/** What upstream calls an operation; what is missing here is not measured: it answers bit by bit, or asks nobody. */
const operations = {
  list: 'list_containers',
  inspectContainer: 'container_status',
  inspectSandbox: 'podsandbox_status',
  createSandbox: 'create_podsandbox',
  startSandbox: 'run_podsandbox',
  createContainer: 'create_container',
  startContainer: 'start_container',
  updateResources: 'update_container',
  stop: 'stop_container',
  remove: 'remove_container',
  inspectImage: 'image_status',
  pullImage: 'pull_image',
  listImages: 'list_images',
  removeImage: 'remove_image',
  storage: 'image_fs_info',
  exec: 'exec',
  attach: 'attach',
  openPort: 'port_forward',
  version: 'version',
  stats: 'list_container_stats',
} as const satisfies Partial<Record<keyof Runtime, string>>;

type Operation = keyof typeof operations;

const buckets = [0.005, 0.0125, 0.03125, 0.078125, 0.1953125, 0.48828125, 1.220703125, 3.0517578125, 7.62939453125];
const labels = ['operation_type'];

/** The same runtime, with its measured methods wrapped. */
export function measureRuntime(runtime: Runtime, metrics: Metrics): Runtime {
  const meter = new Meter(metrics);
  return new Proxy(runtime, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const call = (...words: unknown[]): unknown => Reflect.apply(value, target, words);
      return isOperation(name) ? (...words: unknown[]) => meter.time(operations[name], () => call(...words)) : call;
    },
  });
}

const isOperation = (name: string | symbol): name is Operation => Object.hasOwn(operations, name);

class Meter {
  readonly #calls: Counter;
  readonly #errors: Counter;
  readonly #durations: Histogram;

  constructor(metrics: Metrics) {
    const name = 'kubelet_runtime_operations';
    this.#calls = metrics.counter({ name: `${name}_total`, help: 'Calls to the container runtime.', labels });
    this.#errors = metrics.counter({ name: `${name}_errors_total`, help: 'Those of them that failed.', labels });
    const help = 'Time that a call to the container runtime took.';
    this.#durations = metrics.histogram({ name: `${name}_duration_seconds`, help, labels, buckets });
  }

  async time(type: string, call: () => unknown): Promise<unknown> {
    this.#calls.inc({ operation_type: type });
    const end = this.#durations.startTimer({ operation_type: type });
    try {
      return await call();
    } catch (error) {
      this.#errors.inc({ operation_type: type });
      throw error;
    } finally {
      end();
    }
  }
}
