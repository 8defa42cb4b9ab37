/**
 * A small CSI driver: the node's part of the interface and its registration, on two unix sockets, as a driver's pod has
 * them on a node. A volume is a folder that is shown where it is staged, and shown again where it is published.
 */

import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type handleUnaryCall, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import type { PluginMethod } from '../../kubelet/plugins/plugin-channel.ts';
import { registrationMethods } from '../../kubelet/plugins/registration-messages.ts';
import { csiMethods, nodeCapability } from '../../kubelet/volumes/csi/csi-messages.ts';
import { isMountPoint } from '../../kubelet/volumes/mounts.ts';

const run = promisify(execFile);

export interface CsiDriverOptions {
  /** Default `example.csi.longshore.dev`. */
  readonly name?: string;
  /** Upstream's root directory of the kubelet, or what stands for it. */
  readonly pluginRoot: string;
  readonly nodeId?: string;
  readonly topology?: Readonly<Record<string, string>>;
  readonly maxVolumes?: number;
  /** Default: to stage, and to expand. */
  readonly capabilities?: readonly number[];
  /** Whether volumes are mounts, which only root can make; else they are plain folders. */
  readonly mounts: boolean;
}

export interface DriverCall {
  readonly method: string;
  readonly request: JsonRecord;
}

export class CsiDriver {
  readonly name: string;
  /** Calls of the node's part but for questions, in their order. */
  readonly calls: DriverCall[] = [];
  /** What it was told of its registration. */
  readonly told: JsonRecord[] = [];
  /** Methods that fail, with what they say. */
  readonly failures = new Map<string, string>();
  readonly #options: CsiDriverOptions;
  readonly #servers: Server[] = [];

  constructor(options: CsiDriverOptions) {
    this.#options = options;
    this.name = options.name ?? 'example.csi.longshore.dev';
  }

  /** Of these methods, what they were asked. */
  asked(method: keyof typeof csiMethods): JsonRecord[] {
    return this.calls.filter((call) => call.method === method).map(({ request }) => request);
  }

  async start(): Promise<void> {
    const { pluginRoot } = this.#options;
    const endpoint = join(pluginRoot, 'plugins', this.name, 'csi.sock');
    await mkdir(join(pluginRoot, 'plugins', this.name), { recursive: true });
    await mkdir(join(pluginRoot, 'plugins_registry'), { recursive: true });
    await this.#serve(endpoint, csiMethods, (method, request) => this.#answer(method, request));
    await this.#serve(this.#registrationSocket, registrationMethods, async (method, request) => {
      if (method === 'getInfo') return { type: 'CSIPlugin', name: this.name, endpoint, supportedVersions: ['1.0.0'] };
      this.told.push(request);
      return {};
    });
  }

  /** Its sockets go with it. */
  async stop(): Promise<void> {
    for (const server of this.#servers.splice(0)) server.forceShutdown();
    await rm(this.#registrationSocket, { force: true });
    await rm(join(this.#options.pluginRoot, 'plugins', this.name, 'csi.sock'), { force: true });
  }

  get #registrationSocket(): string {
    return join(this.#options.pluginRoot, 'plugins_registry', `${this.name}-reg.sock`);
  }

  async #serve<Methods extends Readonly<Record<string, PluginMethod>>>(
    socketPath: string,
    methods: Methods,
    answer: (method: string, request: JsonRecord) => Promise<JsonRecord>,
  ): Promise<void> {
    await rm(socketPath, { force: true });
    const server = new Server();
    const definitions = Object.entries(methods).map(([name, { path, request, response }]) => {
      const definition = { path, requestStream: false, responseStream: false } as const;
      const [requestSerialize, requestDeserialize] = [request.encode, request.decode];
      const [responseSerialize, responseDeserialize] = [response.encode, response.decode];
      return [
        name,
        { ...definition, requestSerialize, requestDeserialize, responseSerialize, responseDeserialize },
      ] as const;
    });
    const handlers = Object.keys(methods).map((name) => {
      const handler: handleUnaryCall<JsonRecord, JsonRecord> = ({ request }, callback) => {
        answer(name, request).then(
          (message) => callback(null, message),
          (error: Error) => callback({ code: status.INTERNAL, details: error.message }),
        );
      };
      return [name, handler] as const;
    });
    server.addService(Object.fromEntries(definitions), Object.fromEntries(handlers));
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix://${socketPath}`, ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      );
    });
    this.#servers.push(server);
  }

  async #answer(method: string, request: JsonRecord): Promise<JsonRecord> {
    const { nodeId = 'example-node', topology = {}, maxVolumes = 0, capabilities } = this.#options;
    if (method === 'nodeGetInfo')
      return { nodeId, maxVolumesPerNode: maxVolumes, accessibleTopology: { segments: topology } };
    if (method === 'nodeGetCapabilities') {
      const types = capabilities ?? [nodeCapability.stageUnstage, nodeCapability.expand, nodeCapability.volumeStats];
      return { capabilities: types.map((type) => ({ rpc: { type } })) };
    }
    this.calls.push({ method, request });
    const failure = this.failures.get(method);
    if (failure !== undefined) throw new Error(failure);
    return await this.#change(method, request);
  }

  async #change(method: string, request: JsonRecord): Promise<JsonRecord> {
    const [id, staging, target] = [request.volumeId, request.stagingTargetPath, request.targetPath].map(String);
    const data = join(this.#options.pluginRoot, 'plugins', this.name, 'data', id ?? '');
    switch (method) {
      case 'nodeStageVolume':
        await mkdir(data, { recursive: true });
        if (this.#options.mounts) await show(data, staging ?? '');
        return {};
      case 'nodePublishVolume':
        await mkdir(data, { recursive: true });
        await mkdir(target ?? '', { recursive: true });
        if (this.#options.mounts) await show(data, target ?? '');
        await writeFile(join(target ?? '', '.published'), JSON.stringify(request.volumeContext));
        return {};
      case 'nodeUnstageVolume':
        if (this.#options.mounts) await hide(staging ?? '');
        return {};
      case 'nodeUnpublishVolume':
        if (this.#options.mounts) await hide(target ?? '');
        else await empty(target ?? '');
        await rmdir(target ?? '').catch(() => undefined); // gone before
        return {};
      case 'nodeExpandVolume': {
        const { capacityRange } = request;
        return { capacityBytes: isRecord(capacityRange) ? capacityRange.requiredBytes : 0 };
      }
      case 'nodeGetVolumeStats':
        return { usage: [{ unit: 1, total: 1000, used: 400, available: 600 }] };
      default:
        throw new Error(`${method} is not served`);
    }
  }
}

async function show(source: string, target: string): Promise<void> {
  if (!(await isMountPoint(target))) await run('mount', ['--bind', source, target]);
}

async function hide(target: string): Promise<void> {
  if (await isMountPoint(target)) await run('umount', [target]);
}

async function empty(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) await rm(join(folder, name), { recursive: true });
}
