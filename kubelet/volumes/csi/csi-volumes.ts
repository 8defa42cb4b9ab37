/**
 * Volumes of CSI drivers on this node.
 *
 *   record ─► attached? ─► NodeStageVolume ─► NodePublishVolume ─► NodeExpandVolume, fsGroup ─► containers
 *                 (once at the node)          (once at the pod)
 *   pod gone ─► NodeUnpublishVolume ─► the last one: NodeUnstageVolume ─► record removed ─► may be detached
 *
 * Invariants:
 * - Calls for one volume never overlap, whichever pods they are for.
 * - Nothing is asked of a driver that is not recorded on the disk first, so that another kubelet can undo it.
 * - What wants to be attached is in the node's status, as in use, from before it is mounted until it no longer is.
 */

import { chmod, mkdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { csiDrivers } from '../../../api/resources/storage.ts';
import type { CSIDriver } from '../../../api/types/storage/v1.ts';
import type { Clock } from '../../../base/clock.ts';
import { errorCode } from '../../../base/error-text.ts';
import { privateMode } from '../../../base/private-folder.ts';
import type { Reader } from '../../../client/client.ts';
import { ifPresent } from '../../../client/if-present.ts';
import type { PodObject } from '../../model/pod.ts';
import type { ReferencedData } from '../../references/referenced-data.ts';
import { applyFsGroup } from '../fs-group.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { isMountPoint } from '../mounts.ts';
import type { IssuedTokenSource } from '../service-account-tokens.ts';
import type { MountedVolume } from '../volume-plugin.ts';
import { inStep } from '../volume-step-error.ts';
import { waitForAttachment } from './csi-attachment.ts';
import type { CsiDriverClient, MountWish } from './csi-driver-client.ts';
import type { CsiDrivers } from './csi-drivers.ts';
import { nodeCapability } from './csi-messages.ts';
import {
  attachmentName,
  type CsiVolume,
  checkLifecycle,
  computeAccessMode,
  computePodInfo,
  mayChangeGroup,
  needsAttachment,
  type ReadonlyDriver,
  reportedName,
  stagingPathOf,
  targetPathOf,
  tokensKey,
} from './csi-plan.ts';
import type { CsiRecord, CsiRecords } from './csi-records.ts';

export interface CsiVolumesOptions {
  readonly client: Pick<Reader, 'get'>;
  readonly clock: Clock;
  readonly nodeName: string;
  /** What drivers see of this node's files, below which they mount. */
  readonly root: string;
  readonly drivers: Pick<CsiDrivers, 'clientOf'>;
  readonly records: CsiRecords;
  readonly data: Pick<ReferencedData, 'secret'>;
  readonly tokens: IssuedTokenSource;
  /** Resolves once the node's status says that the volume is in use. */
  readonly whenReported: (reportedName: string) => Promise<void>;
}

export class CsiVolumes {
  readonly #options: CsiVolumesOptions;
  readonly #queue = new KeyedQueue();
  /** Volumes that this kubelet has staged itself. */
  readonly #staged = new Set<string>();

  constructor(options: CsiVolumesOptions) {
    this.#options = options;
  }

  /** Names of volumes for the node's status, in order. */
  inUse(): string[] {
    const names = this.#options.records.list().map((record) => record.reportedName);
    return [...new Set(names.filter((name) => name !== ''))].sort();
  }

  /** Idempotent. Throws an Error whose message users read. */
  async setUp(pod: PodObject, volume: CsiVolume): Promise<MountedVolume> {
    return await this.#queue.run(keyOf(volume), () => this.#setUp(pod, volume));
  }

  /** What the driver wants to be told again, such as new tokens. */
  async refresh(pod: PodObject, volume: CsiVolume): Promise<void> {
    const object = await this.#objectOf(volume);
    if (object?.spec.requiresRepublish !== true) return;
    await this.#queue.run(keyOf(volume), async () => {
      await this.#publish(volume, await this.#attached(volume, await this.#mountOf(pod, volume, object)));
    });
  }

  /** Gives a volume that has grown its new size. The size that it has now. */
  async expand(pod: PodObject, volume: CsiVolume, requiredBytes: number): Promise<number> {
    return await this.#queue.run(keyOf(volume), async () => {
      const mount = await this.#mountOf(pod, volume, await this.#objectOf(volume));
      if (!(await mount.driver.can(nodeCapability.expand))) return requiredBytes;
      const secrets = await this.#secretOf(volume.expandSecret);
      const { targetPath: volumePath, stagingPath: stagingTargetPath } = mount.record;
      const wish = { ...mount.wish, secrets };
      const size = await mount.driver.expand({ wish, volumePath, stagingTargetPath, requiredBytes });
      return size === 0 ? requiredBytes : size;
    });
  }

  /** All of a pod that is gone. Idempotent. Throws when a driver that has something mounted is not there. */
  async tearDown(podUid: string): Promise<void> {
    const records = this.#options.records.ofPod(podUid);
    await Promise.all(records.map((record) => this.#queue.run(keyOf(record), () => this.#tearDown(record))));
  }

  async #setUp(pod: PodObject, volume: CsiVolume): Promise<MountedVolume> {
    const { records, root } = this.#options;
    const { uid } = pod.metadata;
    const targetPath = targetPathOf(root, uid, volume.name);
    const mounted = { hostPath: targetPath, readOnly: volume.readOnly };
    // Another kubelet did it before, maybe. Its driver may not be here again yet, and need not.
    const isKnown = records.ofPod(uid).some((one) => one.targetPath === targetPath);
    if (isKnown && (await isMountPoint(targetPath))) return mounted;
    const object = await this.#objectOf(volume);
    checkLifecycle(volume, object);
    const mount = await this.#mountOf(pod, volume, object);
    await records.add(mount.record);
    const attached = await inStep('WaitForAttach', volume.name, () => this.#attached(volume, mount));
    await inStep('MountDevice', volume.name, () => this.#stage(volume, attached));
    await inStep('SetUp', volume.name, async () => {
      await this.#publish(volume, attached);
      await this.#giveToGroup(pod, volume, object, attached);
    });
    return mounted;
  }

  async #attached(volume: CsiVolume, mount: Mount): Promise<Mount> {
    const { client, clock, nodeName, whenReported } = this.#options;
    if (mount.record.reportedName === '') return mount;
    await whenReported(mount.record.reportedName);
    const name = attachmentName(volume, nodeName);
    const publishContext = await waitForAttachment({ client, clock, name, volumeName: volume.name });
    return { ...mount, wish: { ...mount.wish, publishContext } };
  }

  async #mountOf(pod: PodObject, volume: CsiVolume, object: ReadonlyDriver): Promise<Mount> {
    const { root } = this.#options;
    const { uid } = pod.metadata;
    const driver = this.#options.drivers.clientOf(volume.driver);
    const stages = !volume.isEphemeral && (await driver.can(nodeCapability.stageUnstage));
    const group = pod.spec?.securityContext?.fsGroup;
    const handsGroup = group !== undefined && (await driver.can(nodeCapability.volumeMountGroup));
    const record: CsiRecord = {
      podUid: uid,
      volume: volume.volume,
      driver: volume.driver,
      handle: volume.handle,
      targetPath: targetPathOf(root, uid, volume.name),
      stagingPath: stages ? stagingPathOf(root, volume) : '',
      reportedName: needsAttachment(volume, object) ? reportedName(volume) : '',
    };
    const wish: MountWish = {
      volumeId: volume.handle,
      fsType: volume.fsType,
      mountFlags: volume.mountOptions,
      volumeMountGroup: handsGroup ? String(group) : '',
      accessMode: computeAccessMode(volume.accessModes, await driver.can(nodeCapability.singleNodeMultiWriter)),
      publishContext: {},
      volumeContext: { ...volume.attributes, ...(object?.spec.podInfoOnMount && computePodInfo(pod, volume)) },
      secrets: {},
    };
    return {
      driver,
      record,
      wish,
      tokens: await this.#tokensFor(pod, object),
      tokensAreSecret: areTokensSecret(object),
    };
  }

  async #stage(volume: CsiVolume, { driver, record, wish }: Mount): Promise<void> {
    const { stagingPath } = record;
    if (stagingPath === '' || this.#staged.has(keyOf(record))) return;
    await mkdir(stagingPath, { recursive: true, mode: 0o750 });
    const secrets = await this.#secretOf(volume.stageSecret);
    await driver.stage({ ...wish, secrets }, stagingPath);
    this.#staged.add(keyOf(record));
  }

  async #publish(volume: CsiVolume, { driver, record, wish, ...rest }: Mount): Promise<void> {
    const { targetPath, stagingPath: stagingTargetPath } = record;
    // Drivers make the folder itself. Above it the node's other users have no business.
    await mkdir(dirname(targetPath), { recursive: true, mode: 0o750 });
    await chmod(join(dirname(targetPath), '..', '..', '..'), privateMode);
    const secrets = { ...(await this.#secretOf(volume.publishSecret)), ...(rest.tokensAreSecret && rest.tokens) };
    const volumeContext = { ...wish.volumeContext, ...(!rest.tokensAreSecret && rest.tokens) };
    const { readOnly } = volume;
    await driver.publish({ ...wish, secrets, volumeContext, targetPath, stagingTargetPath, readOnly });
  }

  async #giveToGroup(
    pod: PodObject,
    volume: CsiVolume,
    object: ReadonlyDriver,
    { record, wish }: Mount,
  ): Promise<void> {
    const { fsGroup: gid, fsGroupChangePolicy: policy } = pod.spec?.securityContext ?? {};
    if (gid === undefined || wish.volumeMountGroup !== '' || !mayChangeGroup(volume, object)) return;
    await applyFsGroup(record.targetPath, { gid, policy, readOnly: volume.readOnly });
  }

  async #tearDown(record: CsiRecord): Promise<void> {
    const { records } = this.#options;
    await this.#unpublish(record);
    await removeFolder(record.targetPath);
    await removeFolder(dirname(record.targetPath));
    const others = records.alike(record).filter((one) => one.podUid !== record.podUid || one.volume !== record.volume);
    if (others.length === 0 && record.stagingPath !== '') {
      await this.#unstage(record);
      this.#staged.delete(keyOf(record));
      await removeFolder(record.stagingPath);
      await removeFolder(dirname(record.stagingPath));
    }
    await records.remove(record);
  }

  async #unpublish({ driver, handle, targetPath }: CsiRecord): Promise<void> {
    const client = await this.#undoerOf(driver, targetPath);
    await client?.unpublish(handle, targetPath);
  }

  async #unstage({ driver, handle, stagingPath }: CsiRecord): Promise<void> {
    const client = await this.#undoerOf(driver, stagingPath);
    await client?.unstage(handle, stagingPath);
  }

  /** Undefined: the driver is not there any more, nor is anything of it mounted, as after the machine was started anew. */
  async #undoerOf(driver: string, path: string): Promise<CsiDriverClient | undefined> {
    try {
      return this.#options.drivers.clientOf(driver);
    } catch (error) {
      if (await isMountPoint(path)) throw error;
      return undefined;
    }
  }

  #objectOf({ driver: name }: CsiVolume): Promise<ReadonlyDriver> {
    return ifPresent(this.#options.client.get<CSIDriver>(csiDrivers, { name }));
  }

  async #secretOf(place: CsiVolume['stageSecret']): Promise<Record<string, string>> {
    if (place === undefined) return {};
    const data = await this.#options.data.secret(place.namespace, place.name);
    return Object.fromEntries([...data].map(([key, value]) => [key, value.toString()]));
  }

  /** Of the pod's account, for the audiences that the driver's object names. */
  async #tokensFor(pod: PodObject, object: ReadonlyDriver): Promise<Record<string, string>> {
    const requests = object?.spec.tokenRequests ?? [];
    if (requests.length === 0) return {};
    const issued = await Promise.all(
      requests.map(async ({ audience, expirationSeconds = 3600 }) => {
        const wish = { ...(audience && { audience }), expirationSeconds };
        return [audience, await this.#options.tokens.issue(pod, wish)] as const;
      }),
    );
    return { [tokensKey]: JSON.stringify(Object.fromEntries(issued)) };
  }
}

/** What is needed to mount a volume at a pod. */
interface Mount {
  readonly driver: CsiDriverClient;
  readonly record: CsiRecord;
  readonly wish: MountWish;
  readonly tokens: Readonly<Record<string, string>>;
  readonly tokensAreSecret: boolean;
}

const areTokensSecret = (object: ReadonlyDriver): boolean => object?.spec.serviceAccountTokenInSecrets === true;

const keyOf = ({ driver, handle }: Pick<CsiRecord, 'driver' | 'handle'>): string => `${driver}^${handle}`;

/** Only when it is empty: what a driver has left in it is not the kubelet's to remove. */
async function removeFolder(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
