/** Says "I am alive" by renewing the node's Lease every 10 s. Waits for nothing else: not for Docker, not for pods. */

import { leases } from '../../api/resources/coordination.ts';
import { isAlreadyExists, isNotFound } from '../../api/status-error.ts';
import { formatMicroTime } from '../../api/time.ts';
import type { Lease } from '../../api/types/coordination/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Writer } from '../../client/client.ts';

export interface NodeHeartbeatOptions {
  readonly client: Pick<Writer, 'create' | 'patch'>;
  readonly nodeName: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** A renewal was answered that was sent at this monotonic time. */
  readonly onRenewed?: (sentAt: number) => void;
}

const namespace = 'kube-node-lease';
const everyMs = 10_000;
const retryMs = 1_000;
const durationSeconds = 40;

/** Until `signal` aborts. Never rejects. */
export async function runNodeHeartbeat(options: NodeHeartbeatOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger, nodeName } = options;
  while (!signal.aborted) {
    const startedAt = clock.monotonic();
    let waitMs = everyMs;
    try {
      await renew(options);
      options.onRenewed?.(startedAt);
    } catch (error) {
      waitMs = retryMs;
      logger.warn('The heartbeat could not be written', { node: nodeName, error });
    }
    await clock.sleep(Math.max(0, waitMs - (clock.monotonic() - startedAt)), signal);
  }
}

async function renew({ client, nodeName, clock }: NodeHeartbeatOptions): Promise<void> {
  const renewTime = formatMicroTime(clock.now());
  const spec = { holderIdentity: nodeName, leaseDurationSeconds: durationSeconds, renewTime };
  try {
    await client.patch<Lease>(leases, { namespace, name: nodeName }, { type: 'merge', body: { spec } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    try {
      await client.create<Lease>(leases, { metadata: { namespace, name: nodeName }, spec });
    } catch (problem) {
      if (!isAlreadyExists(problem)) throw problem;
    }
  }
}
