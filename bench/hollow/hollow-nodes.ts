/**
 * Nodes without machines: real kubelets on a runtime that only plays containers, hundreds of them in one process. All
 * that a control plane sees of a node is as on a real one: leases, status, pods that become Running and go.
 */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostnameLabel } from '../../api/labels.ts';
import { nodes } from '../../api/resources/core.ts';
import { isAlreadyExists, isRetryable } from '../../api/status-error.ts';
import type { Node } from '../../api/types/core/v1.ts';
import { computeBackoffMs } from '../../base/backoff.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../../base/certificates.ts';
import { systemClock } from '../../base/clock.ts';
import { Limiter } from '../../base/limiter.ts';
import type { Logger } from '../../base/logger.ts';
import { Metrics } from '../../base/metrics.ts';
import type { Client } from '../../client/client.ts';
import type { Connection } from '../../client/connection.ts';
import { ifPresent } from '../../client/if-present.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { type RunningKubelet, startKubelet } from '../../kubelet/kubelet.ts';
import { HollowRuntime } from './hollow-runtime.ts';

export interface HollowNodesOptions {
  /** As whom they all work: it may write nodes, leases, pods' status and events. */
  readonly connection: Connection;
  readonly logger: Logger;
  readonly count: number;
  /** `hollow` → `hollow-0`, `hollow-1` … */
  readonly prefix: string;
  /** What each of them has: `cpu`, `memory`, `pods`. */
  readonly capacity: Readonly<Record<string, string>>;
}

/** Kubelets that start at the same time. */
const atOnce = 8;
/** A thousand that join at once keep the server busy: a kubelet's own requests are tried again, too. */
const attempts = 10;
const backoff = { baseMs: 500, maxMs: 10_000 };
/** Pods that start at the same time, on all nodes together. */
const startsAtOnce = 64;
/** Tells hollow nodes from others; pods can be kept to them, or away. */
export const hollowLabel = 'longshore.dev/hollow';

export class HollowNodes {
  readonly #options: HollowNodesOptions;
  readonly #client: Client;
  readonly #folder: string;
  readonly #kubelets = new Map<string, RunningKubelet>();
  readonly #starts = new Limiter(startsAtOnce);

  private constructor(options: HollowNodesOptions, client: Client, folder: string) {
    this.#options = options;
    this.#client = client;
    this.#folder = folder;
  }

  /** Resolves when all kubelets run; their nodes become Ready by and by. */
  static async start(options: HollowNodesOptions, onStarted: (count: number) => void = () => {}): Promise<HollowNodes> {
    const client = createRestClient(options.connection, { userAgent: 'longshore-hollow', logger: options.logger });
    const hollow = new HollowNodes(options, client, await mkdtemp(join(tmpdir(), 'longshore-hollow-')));
    const authority = await createAuthority('hollow');
    const serving = await issueCertificate(authority, {
      ...{ commonName: 'hollow', ipAddresses: ['127.0.0.1'], usages: ['server'] as const },
    });
    const limiter = new Limiter(atOnce);
    await Promise.all(
      Array.from({ length: options.count }, (_, index) =>
        limiter.run(async () => {
          await hollow.#startOne(index, authority, serving);
          onStarted(hollow.#kubelets.size);
        }),
      ),
    );
    return hollow;
  }

  async #startOne(index: number, authority: KeyPair, serving: KeyPair): Promise<void> {
    const { connection, logger, prefix, capacity } = this.#options;
    const nodeName = `${prefix}-${index}`;
    const dataDir = join(this.#folder, nodeName);
    await mkdir(dataDir);
    await this.#createNode(nodeName, index);
    const kubelet = await startKubelet({
      ...{ connection, logger, nodeName, dataDir, serving, port: 0, metrics: new Metrics() },
      nodeIp: addressOf(index),
      runtime: new HollowRuntime(this.#starts),
      clientCertificateAuthority: authority.certificate,
      labels: { [hollowLabel]: 'true' },
      played: { capacity },
    });
    this.#kubelets.set(nodeName, kubelet);
  }

  /** With a pod network that no real node has: the cluster's own may be too small for so many. */
  async #createNode(name: string, index: number): Promise<void> {
    const podCIDR = `100.${64 + (index >> 8)}.${index & 255}.0/24`;
    const labels = { [hostnameLabel]: name, [hollowLabel]: 'true' };
    const node: Node = { metadata: { name, labels }, spec: { podCIDR, podCIDRs: [podCIDR] } };
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#client.create(nodes, node);
        return;
      } catch (error) {
        if (isAlreadyExists(error)) return;
        if (attempt === attempts || !isRetryable(error)) throw error;
        await systemClock.sleep(computeBackoffMs(attempt, backoff));
      }
    }
  }

  /** The kubelets end, and their nodes go; what was on them is cleaned up as after any node. */
  async stop(): Promise<void> {
    await Promise.all([...this.#kubelets.values()].map((kubelet) => kubelet.stop()));
    const limiter = new Limiter(atOnce);
    await Promise.all(
      [...this.#kubelets.keys()].map((name) => limiter.run(() => ifPresent(this.#client.delete(nodes, { name })))),
    );
    await this.#client.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Of the block for benchmarks (RFC 2544): nobody is there. */
const addressOf = (index: number): string => `198.18.${(index >> 8) & 255}.${index & 255}`;
