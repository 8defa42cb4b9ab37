/**
 * The bridge network of this node's pods: one Docker network of our own; the daemon's configuration is left alone.
 *
 * Docker makes the bridge once and never looks at it again. So we do: a bridge that was set down, deleted or robbed of
 * its address is mended, with the ports of the pods that run. The bridge may also outlive the network: `docker system
 * prune` takes a network without pods, and leaves a bridge that we made. So Docker is asked from time to time as well.
 */

import type Dockerode from 'dockerode';
import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/logger.ts';
import { isRuntimeUnavailable, RuntimeError } from '../runtime.ts';
import { BridgeRepair, firstAddress, isBridgeWhole, listensHere } from './bridge.ts';
import { bridgeOptions, hasOptions } from './bridge-options.ts';
import { clusterLabel, isForeign, type Labels, typeLabel } from './docker-labels.ts';
import { ask, askMaybe } from './engine.ts';

export interface PodNetworkOptions {
  readonly docker: Dockerode;
  readonly socketPath: string;
  readonly name: string;
  /** Of the bridge; pods inherit it. */
  readonly mtu: number;
  /** Beside our own. */
  readonly labels: Labels;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** How often Docker is asked whether it still has the network: one small request. */
const askEveryMs = 5_000;

/** Of what Docker says of a network. */
export interface FoundNetwork {
  readonly subnet: string | undefined;
  readonly labels: Labels;
  readonly options: Readonly<Record<string, string>> | undefined;
  /** How many containers run on it. */
  readonly containers: number;
}

export interface WantedNetwork {
  readonly name: string;
  readonly podCidr: string;
  readonly clusterId: string | undefined;
  readonly options: Readonly<Record<string, string>>;
}

/** `outdated`: kept, because pods are on it, although it lacks options. `refused`: why nothing may be done. */
type NetworkDecision = 'create' | 'keep' | 'outdated' | 'replace' | { readonly refused: string };

export class PodNetwork {
  readonly #options: PodNetworkOptions;
  readonly #bridge: string;
  readonly #repair: BridgeRepair;
  /** What was made sure of by asking Docker, */
  #ensuredCidr: string | undefined;
  /** and when; undefined: it has to be asked now. Monotonic. */
  #askedAt: number | undefined;
  #isBridgeSure = false;
  /** What was mended and not told yet, because something after it failed. */
  #mended: string | undefined;
  /** An engine in another network namespace has its bridge there. */
  #isBridgeHere: boolean | undefined;

  constructor(options: PodNetworkOptions) {
    this.#options = options;
    // Linux allows 15 bytes for the name of an interface.
    this.#bridge = options.name.slice(0, 15);
    this.#repair = new BridgeRepair({ ...options, bridge: this.#bridge });
  }

  /**
   * Cheap while all is well: the kernel's table of routes is read, and every few seconds Docker is asked. Says what was
   * repaired. A network with another CIDR is replaced, which the engine refuses while pods are on it: then the caller
   * ends them first.
   */
  async ensure(podCidr: string, clusterId: string | undefined): Promise<string | undefined> {
    this.#isBridgeHere ??= await listensHere(this.#options.socketPath);
    const isStart = this.#ensuredCidr !== podCidr;
    const isWhole = !isStart && this.#isBridgeSure && (await this.#isWhole(podCidr));
    if (!isWhole || !(await this.#isInDocker(podCidr, clusterId))) {
      if (isStart) this.#ensuredCidr = undefined;
      this.#askedAt = undefined;
      // The bridge first: pods that run wait for it, and Docker may take its time on a busy machine.
      if (!isStart && !isWhole) await this.#mendBridge(podCidr);
      const isNew = await this.#ensureInDocker(podCidr, clusterId);
      if (isStart || isNew) await this.#mendBridge(podCidr);
      if (isNew) this.#mended = isStart ? undefined : `the network ${this.#options.name} was gone and was made again`;
      this.#ensuredCidr = podCidr;
      this.#askedAt = this.#options.clock.monotonic();
    }
    const mended = this.#mended;
    this.#mended = undefined;
    return mended;
  }

  /** Docker said that it does not know the network: the next `ensure` asks. */
  doubt(): void {
    this.#askedAt = undefined;
  }

  /** A bridge that is whole again may lack ports as long as this has not come to its end. */
  async #mendBridge(podCidr: string): Promise<void> {
    this.#isBridgeSure = false;
    if (this.#isBridgeHere) this.#mended = (await this.#repair.ensure(podCidr)) ?? this.#mended;
    this.#isBridgeSure = true;
  }

  /** As of the last few seconds. An engine that does not answer, as one that is restarted, has said nothing. */
  async #isInDocker(podCidr: string, clusterId: string | undefined): Promise<boolean> {
    const { clock } = this.#options;
    if (this.#askedAt !== undefined && clock.monotonic() - this.#askedAt < askEveryMs) return true;
    try {
      const found = await this.#find();
      if (found?.subnet !== podCidr || isForeign(found.labels, clusterId)) return false;
    } catch (error) {
      if (!isRuntimeUnavailable(error)) throw error;
    }
    this.#askedAt = clock.monotonic();
    return true;
  }

  async #isWhole(podCidr: string): Promise<boolean> {
    return !this.#isBridgeHere || (await isBridgeWhole(this.#bridge, podCidr));
  }

  /** Whether it had to be made. */
  async #ensureInDocker(podCidr: string, clusterId: string | undefined): Promise<boolean> {
    const { docker, name, mtu, logger } = this.#options;
    const { ApiVersion: apiVersion } = await ask(docker.version());
    const wanted = { name, podCidr, clusterId, options: bridgeOptions({ name, mtu }, apiVersion) };
    const decision = decideNetwork(await this.#find(), wanted);
    if (typeof decision !== 'string') throw new RuntimeError('Refused', decision.refused);
    if (decision === 'outdated') {
      const advice = 'drain this node and restart the kubelet, which makes the network again when no pod is on it';
      logger.warn('The pod network lacks options: other nodes may not reach its pods', { network: name, advice });
    }
    if (decision === 'keep' || decision === 'outdated') return false;
    if (decision === 'replace') await ask(docker.getNetwork(name).remove());
    await this.#create(wanted);
    return true;
  }

  async #find(): Promise<FoundNetwork | undefined> {
    const { docker, name } = this.#options;
    const found = await askMaybe(docker.getNetwork(name).inspect());
    return (
      found && {
        subnet: found.IPAM?.Config?.[0]?.Subnet,
        labels: found.Labels ?? {},
        options: found.Options,
        containers: Object.keys(found.Containers ?? {}).length,
      }
    );
  }

  /**
   * Docker is told not to masquerade: it would do so for traffic to pods and Services as well. The proxy's rules
   * masquerade exactly what leaves the cluster.
   */
  async #create({ name, podCidr, clusterId, options }: WantedNetwork): Promise<void> {
    const { docker, labels } = this.#options;
    await ask(
      docker.createNetwork({
        Name: name,
        CheckDuplicate: true,
        Driver: 'bridge',
        IPAM: { Driver: 'default', Config: [{ Subnet: podCidr, Gateway: firstAddress(podCidr) }] },
        Options: options,
        Labels: { ...labels, [typeLabel]: 'network', ...(clusterId !== undefined && { [clusterLabel]: clusterId }) },
      }),
    );
  }
}

/** What to do with the network that was found. One of a build that wrote no cluster on it gets its label once it is empty. */
export function decideNetwork(found: FoundNetwork | undefined, wanted: WantedNetwork): NetworkDecision {
  if (found === undefined) return 'create';
  const owner = found.labels[clusterLabel];
  if (isForeign(found.labels, wanted.clusterId)) {
    return {
      refused:
        `the Docker network ${wanted.name} belongs to another cluster (${owner}): take that one down, or give this one ` +
        'a network of its own',
    };
  }
  if (found.subnet !== wanted.podCidr) return 'replace';
  const isComplete = hasOptions(found.options, wanted.options);
  if (isComplete && (owner !== undefined || wanted.clusterId === undefined)) return 'keep';
  if (found.containers === 0) return 'replace';
  return isComplete ? 'keep' : 'outdated';
}
