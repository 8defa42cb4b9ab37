/**
 * Which request has the name of a node that has not come yet: from the moment that a token is used for it until there is a
 * Node of that name, or the certificate has run out. A Lease of kube-system says so, which is made or written by one request
 * only, so of any number of tokens for one name at once one is granted.
 */

import { createHash } from 'node:crypto';
import type { Stored } from '../../api/object.ts';
import { leases } from '../../api/resources/coordination.ts';
import { nodes } from '../../api/resources/core.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../api/status-error.ts';
import { formatMicroTime } from '../../api/time.ts';
import type { Lease } from '../../api/types/coordination/v1.ts';
import type { Client } from '../../client/client.ts';
import { ifPresent } from '../../client/if-present.ts';

export interface NameClaim {
  readonly nodeName: string;
  /** Of the CertificateSigningRequest. */
  readonly requestUid: string;
  /** How long its certificate will be good. */
  readonly validForMs: number;
  readonly now: number;
}

type NameClient = Pick<Client, 'get' | 'create' | 'update'>;

const namespace = 'kube-system';
export const nodeNameAnnotation = 'longshore.dev/node-name';

/** Names of nodes may be longer than what is left beside a prefix. */
export function nameLeaseOf(nodeName: string): string {
  return `longshore-node-name-${createHash('sha256').update(nodeName).digest('hex').slice(0, 32)}`;
}

/** Undefined: the request has the name, and had it before perhaps; else why it does not. */
export async function reserveNodeName(client: NameClient, claim: NameClaim): Promise<string | undefined> {
  const { nodeName, requestUid, now } = claim;
  const name = nameLeaseOf(nodeName);
  for (;;) {
    const lease = await ifPresent(client.get<Lease>(leases, { namespace, name }));
    if (lease !== undefined && isHeld(lease, now))
      return lease.spec?.holderIdentity === requestUid ? undefined : whyGiven(nodeName);
    const spec = {
      holderIdentity: requestUid,
      acquireTime: formatMicroTime(now),
      leaseDurationSeconds: Math.max(1, Math.ceil(claim.validForMs / 1000)),
    };
    const metadata = { namespace, name, annotations: { [nodeNameAnnotation]: nodeName } };
    const write =
      lease === undefined
        ? client.create<Lease>(leases, { metadata, spec })
        : client.update<Lease>(leases, { ...lease, spec });
    if (await isFirst(write)) return undefined;
  }
}

/** The request gets no certificate. */
export async function giveNodeNameBack(
  client: NameClient,
  { nodeName, requestUid }: Pick<NameClaim, 'nodeName' | 'requestUid'>,
): Promise<void> {
  const lease = await ifPresent(client.get<Lease>(leases, { namespace, name: nameLeaseOf(nodeName) }));
  if (lease?.spec?.holderIdentity === requestUid) await release(client, lease);
}

/** The node that had its name reserved has come: from now on the name is that of the Node, and free when that goes. */
export async function releaseNodeName(client: NameClient, nodeName: string): Promise<void> {
  const lease = await ifPresent(client.get<Lease>(leases, { namespace, name: nameLeaseOf(nodeName) }));
  if (lease === undefined || !lease.spec?.holderIdentity) return;
  // Asked after the Lease was read: no name is reserved while there is a Node.
  const node = await ifPresent(client.get(nodes, { name: nodeName }));
  if (node !== undefined) await release(client, lease);
}

async function release(client: NameClient, { spec, ...lease }: Stored<Lease>): Promise<void> {
  const { holderIdentity: _holder, ...rest } = spec ?? {};
  await isFirst(client.update<Lease>(leases, { ...lease, spec: rest }));
}

function isHeld({ spec }: Lease, now: number): boolean {
  const { holderIdentity, acquireTime, leaseDurationSeconds = 0 } = spec ?? {};
  if (!holderIdentity) return false;
  const until = Date.parse(acquireTime ?? '') + leaseDurationSeconds * 1000;
  return Number.isNaN(until) || until > now;
}

const whyGiven = (nodeName: string): string =>
  `the name ${nodeName} was given to another host, which has not come yet: if it never will, delete the Lease ` +
  `${nameLeaseOf(nodeName)} of ${namespace}`;

/** False: another process wrote meanwhile. */
async function isFirst(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (isConflict(error) || isNotFound(error) || isAlreadyExists(error)) return false;
    throw error;
  }
}
