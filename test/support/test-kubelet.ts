/** A kubelet in this process, on an engine of the test's own and the test's API server. */

import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stored } from '../../api/object.ts';
import { namespaces, nodes, pods } from '../../api/resources/core.ts';
import { isAlreadyExists, isNotFound } from '../../api/status-error.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import { issueCertificate } from '../../base/certificates.ts';
import { type Logger, silentLogger } from '../../base/logger.ts';
import { type RunningKubelet, startKubelet } from '../../kubelet/kubelet.ts';
import type { KubeletOptions } from '../../kubelet/kubelet-options.ts';
import { DockerRuntime } from '../../kubelet/runtime/docker/docker-runtime.ts';
import type { TestEngine } from './docker-engine.ts';
import { eventually } from './eventually.ts';
import type { TestApiServer } from './test-api-server.ts';

export interface TestKubeletOptions extends Partial<KubeletOptions> {
  readonly engine: TestEngine;
  readonly server: TestApiServer;
  readonly podCidr: string;
  readonly logger?: Logger;
}

/** Resolves when the node is Ready. The part of the controller manager, the pod CIDR, is played here. */
export async function startTestKubelet(options: TestKubeletOptions): Promise<RunningKubelet> {
  const { engine, server, podCidr, logger = silentLogger, nodeName = 'node-1', ...rest } = options;
  await ensureNamespace(server, 'kube-node-lease');
  await ensureNamespace(server, 'default');
  const serving = await issueCertificate(server.authority, {
    commonName: nodeName,
    ipAddresses: ['127.0.0.1', engine.hostAddress],
    usages: ['server'],
  });
  const kubelet = await startKubelet({
    connection: await server.connectAsNode(nodeName),
    logger,
    nodeName,
    nodeIp: engine.hostAddress,
    dataDir: await mkdtemp(join(engine.folder, 'kubelet-')),
    runtime: new DockerRuntime({ socketPath: engine.socketPath, nodeName, logger }),
    serving,
    clientCertificateAuthority: server.authority.certificate,
    port: 0,
    ...rest,
  });
  await eventually('the node is registered', () => server.client.get<Node>(nodes, { name: nodeName }));
  await server.client.patch<Node>(nodes, { name: nodeName }, { type: 'merge', body: { spec: { podCIDR: podCidr } } });
  await eventually('the node is ready', async () => {
    const { status } = await server.client.get<Node>(nodes, { name: nodeName });
    return status?.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True');
  });
  return kubelet;
}

export async function ensureNamespace({ client }: TestApiServer, name: string): Promise<void> {
  try {
    await client.create(namespaces, { metadata: { name } });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

/** Resolves when the object is gone. */
export async function untilPodIsGone({ client }: TestApiServer, name: string): Promise<void> {
  await eventually(`pod ${name} is gone`, async () => {
    try {
      await client.get<Pod>(pods, { namespace: 'default', name });
      return false;
    } catch (error) {
      return isNotFound(error);
    }
  });
}

/** The pod once `check` holds. */
export async function podUntil(
  { client }: TestApiServer,
  name: string,
  check: (pod: Stored<Pod>) => boolean,
): Promise<Stored<Pod>> {
  let last: Stored<Pod> | undefined;
  try {
    return await eventually(`pod ${name}`, async () => {
      last = await client.get<Pod>(pods, { namespace: 'default', name });
      return check(last) ? last : undefined;
    });
  } catch (error) {
    throw new Error(`${String(error)}; its status: ${JSON.stringify(last?.status)}`, { cause: error });
  }
}
