/**
 * Registers the node and tells the API how it is: at every change, every five minutes, and whenever the API shows
 * something else than was written, be it that somebody took the node for dead, changed it or deleted it. The runtime
 * is asked with a time limit: one that hangs makes the node not ready, it does not make it silent.
 *
 * Only the kubelet's own fields and conditions are written.
 */

import { isDeepStrictEqual } from 'node:util';
import { isNodeReady, nodeCondition } from '../../api/nodes.ts';
import type { Stored } from '../../api/object.ts';
import { nodes } from '../../api/resources/core.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { Node, NodeStatus } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/logger.ts';
import type { Client } from '../../client/client.ts';
import type { ImageState, Runtime } from '../runtime/runtime.ts';
import type { Machine } from './machine.ts';
import { computeNodeStatus, nodeLabels, ownPartOf, type Pressure, patchOfNodeStatus } from './node-status.ts';

export interface NodeReporterOptions {
  readonly client: Client;
  readonly runtime: Pick<Runtime, 'name' | 'version' | 'listImages'>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly machine: Machine;
  /** What the node is short of; undefined: not known yet, so nothing is said of it. */
  readonly pressure: () => Pressure | undefined;
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly port: number;
  readonly kubeletVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Why pods cannot run yet, beside the runtime; undefined: they can. */
  readonly whyNotReady: () => string | undefined;
  /** Extended resources that the kubelet itself counts, as they are now. */
  readonly extendedResources: () => Readonly<Record<string, string>>;
  /** Volumes that are attached to it and that pods of it use or may use, by their names in its status. */
  readonly volumesInUse: () => readonly string[];
  /** Of its pods. */
  readonly network: { readonly isKnown: boolean; readonly trouble: string | undefined };
  /** The kubelet has met no trouble, but does not yet know whether pods can run. */
  readonly isStarting: () => boolean;
  /** The API took the node for dead: what it has of its pods is to be written again. */
  readonly onRevived: () => void;
}

/** How soon it is seen that the API shows something else than was written. */
const lookEveryMs = 4_000;
const askRuntimeEveryMs = 10_000;
/** A start that takes longer makes the node not ready. */
const startLimitMs = 60_000;
const reportEveryMs = 300_000;
const retryMs = 1_000;
const inUseLookMs = 200;
const runtimeTimeoutMs = 5_000;

type NodeObject = DeepReadonly<Stored<Node>>;

interface Written {
  readonly uid: string;
  /** Monotonic. */
  readonly at: number;
  readonly status: NodeStatus;
  readonly shown: unknown;
  /** Ready was Unknown before, and has not been True since. */
  readonly wasTakenForDead: boolean;
}

export class NodeReporter {
  readonly #options: NodeReporterOptions;
  readonly #startedAt: number;
  /** What was written last, when (monotonic), and to which object, as the API showed it then. */
  #written: Written | undefined;
  #lastSeen: NodeObject | undefined;
  #askedRuntimeAt = Number.NEGATIVE_INFINITY;
  #wake = new AbortController();
  #runtime: { readonly version: string | undefined; readonly images: readonly ImageState[] } = {
    version: undefined,
    images: [],
  };
  #runtimeTrouble: string | undefined = 'the container runtime has not answered yet';

  constructor(options: NodeReporterOptions) {
    this.#options = options;
    this.#startedAt = options.clock.monotonic();
  }

  /** The node's object at the last look, which is seconds ago while the API answers; undefined: not seen yet. */
  get lastSeen(): NodeObject | undefined {
    return this.#lastSeen;
  }

  /** Look now: something changed. */
  wake(): void {
    this.#wake.abort();
  }

  /** Resolves once the API has heard that the volume is in use: nobody detaches it from then on. */
  async untilInUse(volume: string, signal: AbortSignal): Promise<void> {
    while (!this.#written?.status.volumesInUse?.includes(volume)) {
      this.wake();
      await this.#options.clock.sleep(inUseLookMs, signal);
      signal.throwIfAborted();
    }
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
        await this.#askRuntime();
        await this.#report();
        if (this.#runtimeTrouble !== undefined) waitMs = retryMs;
      } catch (error) {
        logger.warn('The node could not be reported', { error });
        waitMs = retryMs;
      }
      await clock.sleep(waitMs, this.#wake.signal);
    }
  }

  async #askRuntime(): Promise<void> {
    const { runtime, clock } = this.#options;
    const isDue = clock.monotonic() - this.#askedRuntimeAt >= askRuntimeEveryMs;
    if (!isDue && this.#runtimeTrouble === undefined) return;
    this.#askedRuntimeAt = clock.monotonic();
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
      this.#runtimeTrouble = `container runtime is down: ${errorText(error)}`;
    } finally {
      over.abort();
    }
  }

  async #report(): Promise<void> {
    const { clock } = this.#options;
    const node = await this.#read();
    const status = this.#compute(node);
    const stored = node ?? (await this.#register(status));
    this.#lastSeen = stored;
    const isOther = stored.metadata.uid !== this.#written?.uid;
    if (isOther && node !== undefined) await this.#setLabels();
    const due = clock.monotonic() - (this.#written?.at ?? Number.NEGATIVE_INFINITY) >= reportEveryMs;
    if (due || isOther || this.#isNews(stored, status)) await this.#write(stored, status);
    if (this.#written?.wasTakenForDead && isNodeReady({ status })) {
      this.#written = { ...this.#written, wasTakenForDead: false };
      this.#options.onRevived();
    }
  }

  async #read(): Promise<NodeObject | undefined> {
    try {
      return await this.#options.client.get<Node>(nodes, { name: this.#options.nodeName });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return undefined;
    }
  }

  #compute(node: NodeObject | undefined): NodeStatus {
    const { clock } = this.#options;
    return computeNodeStatus({
      ...this.#options,
      previous: node?.status,
      pressure: this.#options.pressure(),
      runtimeName: this.#options.runtime.name,
      runtimeVersion: this.#runtime.version,
      images: this.#runtime.images,
      extended: this.#options.extendedResources(),
      inUse: this.#options.volumesInUse(),
      notReady: this.#whyNotReady(node),
      now: clock.now(),
    });
  }

  /** Empty: it is ready. Undefined: a kubelet that was started again says nothing before it knows. */
  #whyNotReady(node: NodeObject | undefined): string | undefined {
    const { clock, whyNotReady, isStarting } = this.#options;
    const wasTold = node !== undefined && nodeCondition(node, 'Ready') !== undefined;
    const mayWait = wasTold && isStarting() && clock.monotonic() - this.#startedAt < startLimitMs;
    return this.#runtimeTrouble ?? (mayWait ? undefined : (whyNotReady() ?? ''));
  }

  /** Something changed here, or in the API behind our back. */
  #isNews(node: NodeObject, status: NodeStatus): boolean {
    const { status: last, shown } = this.#written ?? {};
    return (
      last === undefined ||
      !isDeepStrictEqual(ownPartOf(status, status), ownPartOf(last, last)) ||
      !isDeepStrictEqual(ownPartOf(node.status, last), shown)
    );
  }

  async #write(node: NodeObject, status: NodeStatus): Promise<void> {
    const { client, clock, nodeName } = this.#options;
    const patch = { type: 'strategic', body: { status: patchOfNodeStatus(status) } } as const;
    const answer = await client.patch<Node>(nodes, { name: nodeName }, patch, { subresource: 'status' });
    const wasTakenForDead = nodeCondition(node, 'Ready')?.status === 'Unknown';
    this.#written = {
      uid: answer.metadata.uid,
      at: clock.monotonic(),
      status,
      shown: ownPartOf(answer.status, status),
      wasTakenForDead: this.#written?.wasTakenForDead || wasTakenForDead,
    };
  }

  async #register(status: NodeStatus): Promise<NodeObject> {
    const { client, nodeName, logger } = this.#options;
    const node = await client.create<Node>(nodes, {
      metadata: { name: nodeName, labels: this.#labels(), annotations: { ...this.#options.annotations } },
      spec: {},
      status,
    });
    logger.info('The node is registered', { node: nodeName });
    return node;
  }

  /** A node that is there already keeps what others wrote; our labels and annotations are set again. */
  async #setLabels(): Promise<void> {
    const { client, nodeName, annotations } = this.#options;
    const body = { metadata: { labels: this.#labels(), annotations } };
    await client.patch<Node>(nodes, { name: nodeName }, { type: 'merge', body });
  }

  #labels(): Record<string, string> {
    const { nodeName, machine, labels } = this.#options;
    return { ...nodeLabels({ nodeName, machine }), ...labels };
  }
}
