/**
 * The CSI drivers that run on this node, by name: as they register themselves, and as the node's CSINode says it to
 * schedulers and attachers.
 */

import type { Stored } from '../../../api/object.ts';
import { nodes } from '../../../api/resources/core.ts';
import { csiNodes } from '../../../api/resources/storage.ts';
import { isConflict } from '../../../api/status-error.ts';
import type { Node } from '../../../api/types/core/v1.ts';
import type { CSINode, CSINodeDriver } from '../../../api/types/storage/v1.ts';
import type { Client } from '../../../client/client.ts';
import { ifPresent } from '../../../client/if-present.ts';
import type { PluginChannel } from '../../plugins/plugin-channel.ts';
import type { PluginHandler, PluginInfo } from '../../plugins/plugin-registry.ts';
import { CsiDriverClient, type NodeInfo } from './csi-driver-client.ts';

/** On the Node: the ids that drivers know it by, as JSON. Older attachers read it. */
export const nodeIdAnnotation = 'csi.volume.kubernetes.io/nodeid';

const tries = 5;

export interface CsiDriversOptions {
  readonly client: Pick<Client, 'get' | 'create' | 'update' | 'patch'>;
  readonly nodeName: string;
  readonly open: (socketPath: string) => Promise<PluginChannel>;
}

export class CsiDrivers implements PluginHandler {
  readonly #options: CsiDriversOptions;
  readonly #drivers = new Map<string, { readonly socketPath: string; readonly client: CsiDriverClient }>();

  constructor(options: CsiDriversOptions) {
    this.#options = options;
  }

  /** Throws an Error in upstream's words when no driver of that name runs here. */
  clientOf(name: string): CsiDriverClient {
    const driver = this.#drivers.get(name);
    if (driver !== undefined) return driver.client;
    throw new Error(`driver name ${name} not found in the list of registered CSI drivers`);
  }

  async register({ name, socketPath, versions }: PluginInfo): Promise<void> {
    if (!versions.some((version) => /^v?1(\.|$)/.test(version)))
      throw new Error(`no supported version found among ${JSON.stringify(versions)}: version 1 of CSI is needed`);
    const client = new CsiDriverClient(await this.#options.open(socketPath));
    try {
      const info = await client.info();
      if (info.nodeId === '') throw new Error('the driver answers NodeGetInfo without a node id');
      await this.#write(name, info);
    } catch (error) {
      client.close();
      throw error;
    }
    this.#drivers.get(name)?.client.close();
    this.#drivers.set(name, { socketPath, client });
  }

  /** Nothing when another socket has taken its place already. */
  async deregister({ name, socketPath }: PluginInfo): Promise<void> {
    const known = this.#drivers.get(name);
    if (known !== undefined && known.socketPath !== socketPath) return;
    known?.client.close();
    this.#drivers.delete(name);
    await this.#change((drivers) => drivers.filter((driver) => driver.name !== name));
    await this.#annotate(name, undefined);
  }

  async #write(name: string, { nodeId, maxVolumes, topology }: NodeInfo): Promise<void> {
    const wanted: CSINodeDriver = {
      name,
      nodeID: nodeId,
      topologyKeys: Object.keys(topology).sort(),
      ...(maxVolumes > 0 && { allocatable: { count: maxVolumes } }),
    };
    await this.#annotate(name, nodeId, topology);
    const isOther = (driver: CSINodeDriver) => driver.name !== name;
    // Who a driver is may not be changed, only how much fits: one that is another now goes first.
    await this.#change((drivers) => drivers.filter((driver) => isOther(driver) || isSameNode(driver, wanted)));
    await this.#change((drivers) => [...drivers.filter(isOther), wanted]);
  }

  /** Reads, changes and writes again, until nobody else has written in between. */
  async #change(change: (drivers: readonly CSINodeDriver[]) => CSINodeDriver[]): Promise<void> {
    const { client, nodeName: name } = this.#options;
    for (let left = tries; ; left -= 1) {
      try {
        const found = await ifPresent(client.get<CSINode>(csiNodes, { name }));
        const before = found?.spec.drivers ?? [];
        const drivers = change(before);
        if (found === undefined) await client.create<CSINode>(csiNodes, await this.#newNode(drivers));
        else if (JSON.stringify(drivers) !== JSON.stringify(before))
          await client.update<CSINode>(csiNodes, { ...found, spec: { ...found.spec, drivers } });
        return;
      } catch (error) {
        if (!isConflict(error) || left <= 1) throw error;
      }
    }
  }

  /** It goes with its Node. */
  async #newNode(drivers: CSINodeDriver[]): Promise<CSINode> {
    const { client, nodeName: name } = this.#options;
    const { uid } = (await client.get<Node>(nodes, { name })).metadata;
    return {
      metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] },
      spec: { drivers },
    };
  }

  /**
   * Of the Node itself: what attachers read, and what the scheduler compares volumes' topology with. Labels that are there
   * say what somebody else has said of the node: a driver that says otherwise is not registered.
   */
  async #annotate(driver: string, nodeId: string | undefined, topology: NodeInfo['topology'] = {}): Promise<void> {
    const { client, nodeName: name } = this.#options;
    const node: Stored<Node> = await client.get<Node>(nodes, { name });
    const ids = readIds(node.metadata.annotations?.[nodeIdAnnotation]);
    const { [driver]: before, ...others } = ids;
    const labels = node.metadata.labels ?? {};
    for (const [key, value] of Object.entries(topology)) {
      const there = Object.hasOwn(labels, key) ? labels[key] : undefined;
      if (there !== undefined && there !== value)
        throw new Error(
          `detected topology value collision: driver reported "${key}":"${value}" but existing label is "${key}":"${there}"`,
        );
    }
    const isNews = Object.keys(topology).some((key) => !Object.hasOwn(labels, key));
    if (before === nodeId && !isNews) return;
    const next = nodeId === undefined ? others : { ...others, [driver]: nodeId };
    const text = Object.keys(next).length === 0 ? null : JSON.stringify(next);
    const body = { metadata: { annotations: { [nodeIdAnnotation]: text }, labels: topology } };
    await client.patch<Node>(nodes, { name }, { type: 'merge', body });
  }
}

const isSameNode = (a: CSINodeDriver, b: CSINodeDriver): boolean =>
  a.nodeID === b.nodeID && JSON.stringify(a.topologyKeys ?? []) === JSON.stringify(b.topologyKeys ?? []);

function readIds(text: string | undefined): Record<string, string> {
  try {
    const ids: unknown = JSON.parse(text ?? '{}');
    return Object.fromEntries(
      Object.entries(ids ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    return {}; // somebody else's writing
  }
}
