/** A kubelet in this process without containers: on the fake runtime and the test's API server. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodes } from '../../api/resources/core.ts';
import type { Node } from '../../api/types/core/v1.ts';
import { issueCertificate } from '../../base/certificates.ts';
import { silentLogger } from '../../base/logger.ts';
import { type RunningKubelet, startKubelet } from '../../kubelet/kubelet.ts';
import type { KubeletOptions } from '../../kubelet/kubelet-options.ts';
import { parsePressureOptions } from '../../kubelet/pressure/pressure-options.ts';
import { FakeRuntime } from '../../kubelet/runtime/testing/fake-runtime.ts';
import { eventually } from './eventually.ts';
import type { TestApiServer } from './test-api-server.ts';
import { ensureNamespace } from './test-kubelet.ts';

const nodeIp = '192.0.2.10';

export class FakeKubelet {
  readonly runtime: FakeRuntime;
  readonly nodeName: string;
  readonly #server: TestApiServer;
  readonly #dataDir: string;
  readonly #options: Partial<KubeletOptions>;
  #kubelet: RunningKubelet | undefined;

  private constructor(server: TestApiServer, dataDir: string, options: Partial<KubeletOptions>) {
    this.#server = server;
    this.#dataDir = dataDir;
    this.#options = options;
    this.runtime = new FakeRuntime(options.clock === undefined ? {} : { clock: options.clock });
    this.nodeName = options.nodeName ?? 'node-1';
    this.runtime.addImage('busybox:1');
  }

  /** Resolves when the node is Ready. The part of the controller manager, the pod CIDR, is played here. */
  static async start(server: TestApiServer, options: Partial<KubeletOptions> = {}): Promise<FakeKubelet> {
    const kubelet = new FakeKubelet(server, await mkdtemp(join(tmpdir(), 'longshore-fake-')), options);
    await ensureNamespace(server, 'kube-node-lease');
    await ensureNamespace(server, 'default');
    await kubelet.start();
    await eventually('the node is registered', () => kubelet.node());
    const body = { spec: { podCIDR: '10.244.0.0/24' } };
    await server.client.patch<Node>(nodes, { name: kubelet.nodeName }, { type: 'merge', body });
    await eventually('the node is ready', async () => (await kubelet.conditionOf('Ready')) === 'True');
    return kubelet;
  }

  /** Again, after `stop`, on the same runtime. */
  async start(options: Partial<KubeletOptions> = {}): Promise<void> {
    const { authority } = this.#server;
    const serving = await issueCertificate(authority, {
      commonName: this.nodeName,
      ipAddresses: ['127.0.0.1', nodeIp],
      usages: ['server'],
    });
    this.#kubelet = await startKubelet({
      connection: await this.#server.connectAsNode(this.nodeName),
      logger: silentLogger,
      nodeName: this.nodeName,
      nodeIp,
      dataDir: this.#dataDir,
      // Whether this machine is short of something must not matter.
      pressure: parsePressureOptions({ 'eviction-hard': '', 'image-gc-high-threshold': '100' }),
      runtime: this.runtime,
      serving,
      clientCertificateAuthority: authority.certificate,
      port: 0,
      ...this.#options,
      ...options,
    });
  }

  /** Of its server. */
  get port(): number {
    return this.#kubelet?.port ?? 0;
  }

  async node(): Promise<Node> {
    return await this.#server.client.get<Node>(nodes, { name: this.nodeName });
  }

  async conditionOf(type: string): Promise<string | undefined> {
    return (await this.node()).status?.conditions?.find((one) => one.type === type)?.status;
  }

  async stop(): Promise<void> {
    await this.#kubelet?.stop();
    this.#kubelet = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}
