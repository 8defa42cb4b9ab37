/**
 * Registers the node and tells the API how it is: at every change, and every five minutes. The runtime is asked with
 * a time limit: one that hangs makes the node not ready, it does not make it silent.
 */

import type { Node, NodeStatus } from 'kubernetes-types/core/v1';
import { nodes } from '../api/kinds.ts';
import { isAlreadyExists, isNotFound } from '../api/status-error.ts';
import type { Clock } from '../base/clock.ts';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { Logger } from '../base/logger.ts';
import type { Client } from '../client/client.ts';
import { type Machine, readPressure } from './machine.ts';
import { computeNodeStatus, differs, nodeLabels } from './node-status.ts';
import type { ImageState, Runtime, RuntimeVersion } from './runtime/runtime.ts';

export interface NodeReporterOptions {
  readonly client: Client;
  readonly runtime: Pick<Runtime, 'version' | 'listImages'>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly machine: Machine;
  readonly dataDir: string;
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly port: number;
  readonly kubeletVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Why pods cannot run yet, beside the runtime; undefined: they can. */
  readonly whyNotReady: () => string | undefined;
  /** Of its pods. */
  readonly network: { readonly isKnown: boolean; readonly trouble: string | undefined };
}

const lookEveryMs = 10_000;
const reportEveryMs = 300_000;
const retryMs = 1_000;
const runtimeTimeoutMs = 5_000;

export class NodeReporter {
  readonly #options: NodeReporterOptions;
  #stored: DeepReadonly<NodeStatus> | undefined;
  #storedAt = Number.NEGATIVE_INFINITY;
  #wake = new AbortController();
  #runtime: { readonly version: RuntimeVersion | undefined; readonly images: readonly ImageState[] } = {
    version: undefined,
    images: [],
  };
  #runtimeTrouble: string | undefined = 'the container runtime has not answered yet';

  constructor(options: NodeReporterOptions) {
    this.#options = options;
  }

  /** Look now: something changed. */
  wake(): void {
    this.#wake.abort();
  }

  /** Reports until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    const end = () => this.wake();
    signal.addEventListener('abort', end, { once: true });
    while (!signal.aborted) {
      this.#wake = new AbortController();
      let waitMs = lookEveryMs;
      try {
        await this.#look();
        await this.#report();
        if (this.#runtimeTrouble !== undefined) waitMs = retryMs;
      } catch (error) {
        logger.warn('The node could not be reported', { error });
        waitMs = retryMs;
      }
      await clock.sleep(waitMs, this.#wake.signal);
    }
  }

  async #look(): Promise<void> {
    const { runtime, clock } = this.#options;
    const over = new AbortController();
    const timeout = clock.sleep(runtimeTimeoutMs, over.signal).then(() => {
      throw new Error(`the container runtime did not answer within ${runtimeTimeoutMs / 1000} s`);
    });
    timeout.catch(() => undefined); // it matters only when it is first
    try {
      const [version, images] = await Promise.race([Promise.all([runtime.version(), runtime.listImages()]), timeout]);
      this.#runtime = { version, images };
      this.#runtimeTrouble = undefined;
    } catch (error) {
      this.#runtimeTrouble = `container runtime is down: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      over.abort();
    }
  }

  async #report(): Promise<void> {
    const { client, clock, nodeName, machine } = this.#options;
    const status = computeNodeStatus({
      ...this.#options,
      previous: this.#stored,
      pressure: await readPressure(this.#options.dataDir),
      runtimeVersion: this.#runtime.version,
      images: this.#runtime.images,
      notReady: this.#runtimeTrouble ?? this.#options.whyNotReady(),
      now: clock.now(),
    });
    const due = clock.monotonic() - this.#storedAt >= reportEveryMs;
    if (!due && !differs(this.#stored, status)) return;
    try {
      const labels = { ...nodeLabels({ nodeName, machine }), ...this.#options.labels };
      if (this.#stored === undefined) await this.#register(labels, status);
      const patch = { type: 'merge', body: { status } } as const;
      await client.patch<Node>(nodes, { name: nodeName }, patch, { subresource: 'status' });
      this.#stored = status;
      this.#storedAt = clock.monotonic();
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#stored = undefined; // somebody deleted the node: it is registered anew
      throw error;
    }
  }

  /** A node that is there already keeps what others wrote; our labels are set again. */
  async #register(labels: Record<string, string>, status: NodeStatus): Promise<void> {
    const { client, nodeName, logger } = this.#options;
    try {
      await client.create<Node>(nodes, { metadata: { name: nodeName, labels }, spec: {}, status });
      logger.info('The node is registered', { node: nodeName });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      await client.patch<Node>(nodes, { name: nodeName }, { type: 'merge', body: { metadata: { labels } } });
    }
  }
}
