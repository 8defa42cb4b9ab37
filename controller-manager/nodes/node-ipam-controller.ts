/**
 * Gives every node its part of the pod network, once and for all.
 *
 * Invariants:
 * - One worker: two nodes never get the same part, nor one of which another node has addresses. What was given stays taken until the node is gone, whether or not
 *   the write was seen to succeed.
 * - It starts only when all nodes are known, so that parts given by an earlier leader are taken.
 */

import { nodes } from '../../api/resources/core.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { ControllerContext } from '../controller-context.ts';
import { CidrPool } from './cidr-pool.ts';

export interface NodeIpamSettings {
  /** The pod network; each node gets a part of it. */
  readonly clusterCidr: string;
  /** Prefix length of a node's part. */
  readonly nodeCidrPrefix: number;
}

export function createNodeIpamController(
  { client, informers, events, controller }: ControllerContext,
  settings: NodeIpamSettings,
): Controller {
  const nodeInformer = informers.of(nodes);
  const pool = new CidrPool(settings.clusterCidr, settings.nodeCidrPrefix);
  const recorder = events.from('cidrAllocator');
  /** Node uid → the part that is meant for it. */
  const given = new Map<string, string>();

  async function reconcile(name: string) {
    const node = nodeInformer.get(name);
    if (node === undefined || node.spec?.podCIDR) return {};
    const cidr = given.get(node.metadata.uid) ?? pool.take(node.metadata.uid);
    if (cidr === undefined) {
      const message = `Node ${name} status is now: CIDRNotAvailable`;
      recorder.record(node, { type: 'Normal', reason: 'CIDRNotAvailable', message });
      throw new Error(`No part of ${settings.clusterCidr} is free`);
    }
    given.set(node.metadata.uid, cidr);
    const body = { metadata: { uid: node.metadata.uid }, spec: { podCIDR: cidr, podCIDRs: [cidr] } };
    await ifPresent(client.patch(nodes, { name }, { type: 'merge', body }));
    return {};
  }

  return controller({ reconciler: { reconcile }, workers: 1 }).watch(nodeInformer, (change) => {
    const [before, now] = [change.previous?.metadata.uid, change.next?.metadata.uid];
    if (before !== undefined && before !== now) {
      given.delete(before);
      pool.release(before);
    }
    if (change.type === 'deleted') return [];
    for (const cidr of change.next.spec?.podCIDRs ?? []) pool.occupy(cidr, change.next.metadata.uid);
    return keyOfChange(change);
  });
}
