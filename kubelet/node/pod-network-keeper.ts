/**
 * Keeps the network of this node's pods: looks every second, which costs one read of a file while all is well, has it
 * mended when somebody took it away, and tells what happened, in events and in the node's condition NetworkUnavailable.
 */

import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/logger.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { nodeSubject } from '../model/event-subject.ts';
import type { NodeRuntime } from '../runtime/runtime.ts';

export interface PodNetworkKeeperOptions {
  readonly runtime: Pick<NodeRuntime, 'ensureNetwork'>;
  readonly recorder: Recorder;
  readonly nodeName: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Called when `trouble` came or went. */
  readonly onChange: () => void;
}

const lookEveryMs = 1_000;

export class PodNetworkKeeper {
  readonly #options: PodNetworkKeeperOptions;
  #podCidr: string | undefined;
  #trouble: string | undefined;

  constructor(options: PodNetworkKeeperOptions) {
    this.#options = options;
  }

  /** Whether the network was there at least once. */
  get isKnown(): boolean {
    return this.#podCidr !== undefined;
  }

  /** Why pods have no network now; undefined: they have one, or nobody has asked for one yet. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** The first time: throws when it cannot be made. */
  async start(podCidr: string): Promise<void> {
    this.#noteRepair(await this.#options.runtime.ensureNetwork(podCidr));
    this.#podCidr = podCidr;
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#podCidr !== undefined) {
      await this.#options.clock.sleep(lookEveryMs, signal);
      if (!signal.aborted) await this.#look(this.#podCidr);
    }
  }

  async #look(podCidr: string): Promise<void> {
    try {
      this.#noteRepair(await this.#options.runtime.ensureNetwork(podCidr));
      this.#setTrouble(undefined);
    } catch (error) {
      this.#setTrouble(`the pod network is broken: ${errorText(error)}`);
    }
  }

  #noteRepair(what: string | undefined): void {
    if (what === undefined) return;
    this.#options.logger.warn('The pod network was mended', { what });
    this.#tell('Normal', 'PodNetworkMended', what);
  }

  #setTrouble(trouble: string | undefined): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    if (trouble !== undefined) {
      this.#options.logger.warn('Pods have no network', { trouble });
      this.#tell('Warning', 'PodNetworkBroken', trouble);
    }
    this.#options.onChange();
  }

  #tell(type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { nodeName, recorder } = this.#options;
    recorder.record(nodeSubject(nodeName), { type, reason, message });
  }
}
