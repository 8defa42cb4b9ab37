/** One driver on this node, as the kubelet calls it. Every call throws `PluginCallError`. */

import { isRecord, type JsonRecord } from '../../../api/json-record.ts';
import type { PluginChannel } from '../../plugins/plugin-channel.ts';
import { mapIn, messagesIn, numberIn, textIn } from '../../plugins/wire-messages.ts';
import { csiMethods, type nodeCapability } from './csi-messages.ts';

/** As upstream's. What takes longer is asked for again: drivers are idempotent. */
const callTimeoutMs = 120_000;

export interface NodeInfo {
  readonly nodeId: string;
  /** 0: the driver does not say. */
  readonly maxVolumes: number;
  readonly topology: Readonly<Record<string, string>>;
}

export type Capability = (typeof nodeCapability)[keyof typeof nodeCapability];

/** What is mounted, for stage and publish alike. */
export interface MountWish {
  readonly volumeId: string;
  readonly fsType: string;
  readonly mountFlags: readonly string[];
  /** Empty: the kubelet sees to the group, or nobody does. */
  readonly volumeMountGroup: string;
  readonly accessMode: number;
  /** Of the attachment. */
  readonly publishContext: Readonly<Record<string, string>>;
  readonly volumeContext: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

export interface PublishWish extends MountWish {
  /** Empty: the driver does not stage. */
  readonly stagingTargetPath: string;
  readonly targetPath: string;
  readonly readOnly: boolean;
}

export interface ExpandWish {
  readonly wish: MountWish;
  readonly volumePath: string;
  readonly stagingTargetPath: string;
  readonly requiredBytes: number;
}

export interface VolumeUsage {
  readonly unit: 'bytes' | 'inodes';
  readonly total: number;
  readonly used: number;
  readonly available: number;
}

export class CsiDriverClient {
  readonly #channel: PluginChannel;
  #capabilities: ReadonlySet<number> | undefined;

  constructor(channel: PluginChannel) {
    this.#channel = channel;
  }

  async info(): Promise<NodeInfo> {
    const answer = await this.#call('nodeGetInfo', {});
    const topology = isRecord(answer.accessibleTopology) ? mapIn(answer.accessibleTopology, 'segments') : {};
    return { nodeId: textIn(answer, 'nodeId'), maxVolumes: numberIn(answer, 'maxVolumesPerNode'), topology };
  }

  /** It does not change while the driver runs: asked once. */
  async can(capability: Capability): Promise<boolean> {
    if (this.#capabilities === undefined) {
      const answer = await this.#call('nodeGetCapabilities', {});
      const types = messagesIn(answer, 'capabilities').map(({ rpc }) => (isRecord(rpc) ? numberIn(rpc, 'type') : 0));
      this.#capabilities = new Set(types);
    }
    return this.#capabilities.has(capability);
  }

  async stage(wish: MountWish, stagingTargetPath: string): Promise<void> {
    const { volumeId, publishContext, volumeContext, secrets } = wish;
    const volumeCapability = capabilityOf(wish);
    const message = { volumeId, publishContext, stagingTargetPath, volumeCapability, secrets, volumeContext };
    await this.#call('nodeStageVolume', message);
  }

  async unstage(volumeId: string, stagingTargetPath: string): Promise<void> {
    await this.#call('nodeUnstageVolume', { volumeId, stagingTargetPath });
  }

  async publish(wish: PublishWish): Promise<void> {
    const { volumeId, publishContext, volumeContext, secrets, stagingTargetPath, targetPath, readOnly } = wish;
    await this.#call('nodePublishVolume', {
      ...{ volumeId, publishContext, stagingTargetPath, targetPath, secrets, volumeContext },
      volumeCapability: capabilityOf(wish),
      readonly: readOnly,
    });
  }

  async unpublish(volumeId: string, targetPath: string): Promise<void> {
    await this.#call('nodeUnpublishVolume', { volumeId, targetPath });
  }

  /** How large it is now; 0: the driver does not say. */
  async expand({ wish, volumePath, stagingTargetPath, requiredBytes }: ExpandWish): Promise<number> {
    const { volumeId, secrets } = wish;
    const answer = await this.#call('nodeExpandVolume', {
      ...{ volumeId, volumePath, stagingTargetPath, secrets },
      capacityRange: { requiredBytes },
      volumeCapability: capabilityOf(wish),
    });
    return numberIn(answer, 'capacityBytes');
  }

  async stats(volumeId: string, volumePath: string): Promise<VolumeUsage[]> {
    const answer = await this.#call('nodeGetVolumeStats', { volumeId, volumePath });
    return messagesIn(answer, 'usage').map((usage) => ({
      unit: numberIn(usage, 'unit') === 2 ? 'inodes' : 'bytes',
      total: numberIn(usage, 'total'),
      used: numberIn(usage, 'used'),
      available: numberIn(usage, 'available'),
    }));
  }

  close(): void {
    this.#channel.close();
  }

  #call(method: keyof typeof csiMethods, message: JsonRecord): Promise<JsonRecord> {
    return this.#channel.call(csiMethods[method], message, callTimeoutMs);
  }
}

const capabilityOf = ({ fsType, mountFlags, volumeMountGroup, accessMode }: MountWish): JsonRecord => ({
  mount: { fsType, mountFlags: [...mountFlags], volumeMountGroup },
  accessMode: { mode: accessMode },
});
