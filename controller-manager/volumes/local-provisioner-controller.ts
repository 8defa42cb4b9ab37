/**
 * Makes volumes of folders on the nodes that the scheduler has chosen, and removes them: the kubelet of the node does the
 * work, by orders that name the volume alone.
 *
 *   claim with a node ─► PUT localVolumes/<name> ─► PersistentVolume ─► bound by the binder
 *   claim gone, Delete ─► PersistentVolume is deleted ─► DELETE localVolumes/<name> ─► its finalizer goes
 */

import { isRecord } from '../../api/json-record.ts';
import { hostnameLabel } from '../../api/labels.ts';
import { keyOf } from '../../api/object.ts';
import { nodes, persistentVolumeClaims, persistentVolumes } from '../../api/resources/core.ts';
import { storageClasses } from '../../api/resources/storage.ts';
import { isAlreadyExists } from '../../api/status-error.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../api/types/core/v1.ts';
import { selectedNode } from '../../api/volumes/annotations.ts';
import {
  isLocalVolumeName,
  localProvisioner,
  localVolumeFinalizer,
  localVolumesPath,
} from '../../api/volumes/local-volumes.ts';
import { classOf } from '../../api/volumes/storage-classes.ts';
import { errorText } from '../../base/error-text.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached } from '../../client/object-cache.ts';
import { TerminalError } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { removeFinalizer } from '../finalizers.ts';
import { hostnameOf, type ProvisionPlan, planProvision, planRemoval, volumeFor } from './local-provisioner-plan.ts';

type Claim = Cached<PersistentVolumeClaim>;
type Volume = Cached<PersistentVolume>;

export function createLocalProvisionerController(context: ControllerContext): Controller {
  const { client, informers, events, controller } = context;
  const claims = informers.of<PersistentVolumeClaim>(persistentVolumeClaims);
  const volumes = informers.of<PersistentVolume>(persistentVolumes);
  const classes = informers.of(storageClasses);
  const nodeInformer = informers.of<Node>(nodes);
  const recorder = events.from(localProvisioner);

  async function reconcileClaim(claim: Claim): Promise<void> {
    const plan = planProvision(claim, {
      node: (name) => nodeInformer.get(name),
      storageClass: classes.get(classOf(claim)),
    });
    switch (plan.type) {
      case 'none':
        return;
      case 'refuse':
        failed(claim, plan.message);
        throw new TerminalError(plan.message);
      case 'elsewhere':
        failed(claim, plan.message);
        await forgetNode(claim);
        return;
      case 'make':
        await provision(claim, plan);
    }
  }

  async function provision(claim: Claim, plan: Extract<ProvisionPlan, { type: 'make' }>): Promise<void> {
    if (volumes.get(plan.name) !== undefined) return;
    try {
      const path = await makeFolder(plan.node.metadata.name, plan.name);
      await client.create<PersistentVolume>(persistentVolumes, volumeFor(claim, plan, path));
    } catch (error) {
      // Made before, by a try whose answer was lost.
      if (isAlreadyExists(error)) return;
      failed(claim, errorText(error));
      throw error;
    }
    const message = `Successfully provisioned volume ${plan.name}`;
    recorder.record(claim, { type: 'Normal', reason: 'ProvisioningSucceeded', message });
  }

  function failed(claim: Claim, why: string): void {
    const message = `failed to provision volume with StorageClass "${classOf(claim)}": ${why}`;
    recorder.record(claim, { type: 'Warning', reason: 'ProvisioningFailed', message });
  }

  async function forgetNode({ metadata: { namespace, name, uid, resourceVersion } }: Claim): Promise<void> {
    const body = { metadata: { uid, resourceVersion, annotations: { [selectedNode]: null } } };
    await ifPresent(client.patch(persistentVolumeClaims, { namespace, name }, { type: 'merge', body }));
  }

  async function reconcileVolume(volume: Volume): Promise<void> {
    const plan = planRemoval(volume);
    if (plan.type === 'none') return;
    const { name, uid, resourceVersion } = volume.metadata;
    if (plan.type === 'delete') {
      // Decided on this version: who keeps the volume meanwhile keeps it.
      await ifPresent(client.delete<PersistentVolume>(persistentVolumes, { name }, { uid, resourceVersion }));
      return;
    }
    if (plan.folder === 'remove') await removeFolder(volume);
    await removeFinalizer<PersistentVolume>(client, {
      kind: persistentVolumes,
      object: volume,
      finalizer: localVolumeFinalizer,
    });
  }

  /** Folders of a node that is gone have gone with it. */
  async function removeFolder(volume: Volume): Promise<void> {
    const hostname = hostnameOf(volume);
    const named = [...nodeInformer.list()].filter(({ metadata }) => metadata.labels?.[hostnameLabel] === hostname);
    // Labels are each node's own word: the one that is called so comes first.
    const node = named.find(({ metadata }) => metadata.name === hostname) ?? named[0];
    if (node === undefined || !isLocalVolumeName(volume.metadata.name)) return;
    try {
      await client.raw('DELETE', folderPath(node.metadata.name, volume.metadata.name));
    } catch (error) {
      recorder.record(volume, { type: 'Warning', reason: 'VolumeFailedDelete', message: errorText(error) });
      throw error;
    }
  }

  async function makeFolder(nodeName: string, name: string): Promise<string> {
    const { text } = await client.raw('PUT', folderPath(nodeName, name));
    const answer: unknown = JSON.parse(text);
    if (isRecord(answer) && typeof answer.path === 'string') return answer.path;
    throw new Error(`node ${nodeName} does not say where the volume is`);
  }

  async function reconcile(key: string) {
    const claim = key.includes('/') ? claims.get(key) : undefined;
    const volume = key.includes('/') ? undefined : volumes.get(key);
    if (claim !== undefined) await reconcileClaim(claim);
    if (volume !== undefined) await reconcileVolume(volume);
    return {};
  }

  /** Claims that wait for this class may be served now. */
  function* claimsOfClass(name: string): Generator<string> {
    for (const claim of claims.list()) if (!claim.spec?.volumeName && classOf(claim) === name) yield keyOf(claim);
  }

  /** A node that went: what waits for it goes elsewhere, and what it had is gone. */
  function* keysOfNode(name: string): Generator<string> {
    for (const claim of claims.list()) if (claim.metadata.annotations?.[selectedNode] === name) yield keyOf(claim);
    for (const volume of volumes.list()) if (planRemoval(volume).type === 'finish') yield volume.metadata.name;
  }

  return controller({ reconciler: { reconcile }, workers: 4 })
    .watch(claims, keyOfChange)
    .watch(volumes, keyOfChange)
    .watch(classes, ({ previous, next }) => claimsOfClass((next ?? previous).metadata.name))
    .watch(nodeInformer, ({ previous, next }) =>
      previous && next ? [] : keysOfNode((next ?? previous).metadata.name),
    );
}

const folderPath = (nodeName: string, name: string): string =>
  `/api/v1/nodes/${encodeURIComponent(nodeName)}/proxy/${localVolumesPath}/${encodeURIComponent(name)}`;
