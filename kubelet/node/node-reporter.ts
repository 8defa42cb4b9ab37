/**
 * Registers the node and tells the API how it is: at every change, every five minutes, and whenever the API shows
 * something else than was written, be it that somebody took the node for dead, changed it or deleted it. It waits for
 * nothing but the API: how the runtime is, is found out elsewhere (`runtime-watch.ts`).
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
import type { Logger } from '../../base/logger.ts';
import type { Client } from '../../client/client.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { nodeSubject } from '../model/event-subject.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Machine } from './machine.ts';
import { computeNodeStatus, nodeLabels, ownPartOf, type Pressure, patchOfNodeStatus } from './node-status.ts';
import type { RuntimeWatch } from './runtime-watch.ts';

export interface NodeReporterOptions {
  readonly client: Client;
  readonly runtime: Pick<Runtime, 'name'>;
  readonly runtimeWatch: Pick<RuntimeWatch, 'facts' | 'trouble' | 'hasAnswered' | 'whyNotReady'>;
  readonly recorder: Recorder;
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
/** A start that takes longer makes the node not ready. */
const startLimitMs = 60_000;
const reportEveryMs = 300_000;
const retryMs = 1_000;
const inUseLookMs = 200;
/** Upstream's words. */
const notAnswered = 'container runtime status check may not have completed yet';

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
  #toldReboot = false;
  #wake = new AbortController();

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
        await this.#report();
      } catch (error) {
        logger.warn('The node could not be reported', { error });
        waitMs = retryMs;
      }
      await clock.sleep(waitMs, this.#wake.signal);
    }
  }

  async #report(): Promise<void> {
    const { clock } = this.#options;
    const node = await this.#read();
    this.#tellReboot(node);
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

  /** The machine was started anew since its node was written: everything that ran here has ended. */
  #tellReboot(node: NodeObject | undefined): void {
    const { recorder, machine, nodeName } = this.#options;
    const { bootID: before = '' } = node?.status?.nodeInfo ?? {};
    if (this.#toldReboot || before === '' || before === machine.bootId) return;
    this.#toldReboot = true;
    const message = `Node ${nodeName} has been rebooted, boot id: ${machine.bootId}`;
    recorder.record(nodeSubject(nodeName), { type: 'Warning', reason: 'Rebooted', message });
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
    const { clock, runtimeWatch } = this.#options;
    return computeNodeStatus({
      ...this.#options,
      previous: node?.status,
      pressure: this.#options.pressure(),
      runtimeName: this.#options.runtime.name,
      runtimeVersion: runtimeWatch.facts.version,
      images: runtimeWatch.facts.images,
      recursiveReadOnly: runtimeWatch.facts.recursiveReadOnly,
      runtimeTrouble: runtimeWatch.trouble,
      extended: this.#options.extendedResources(),
      inUse: this.#options.volumesInUse(),
      notReady: this.#whyNotReady(node),
      now: clock.now(),
    });
  }

  /** Empty: it is ready. Undefined: a kubelet that was started again says nothing before it knows. */
  #whyNotReady(node: NodeObject | undefined): string | undefined {
    const { clock, whyNotReady, isStarting, runtimeWatch } = this.#options;
    const wasTold = node !== undefined && nodeCondition(node, 'Ready') !== undefined;
    const isNew = clock.monotonic() - this.#startedAt < startLimitMs;
    const mayWait = wasTold && isNew && (isStarting() || !runtimeWatch.hasAnswered);
    if (mayWait) return undefined;
    return runtimeWatch.whyNotReady ?? whyNotReady() ?? (runtimeWatch.hasAnswered ? '' : notAnswered);
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
