/**
 * What users do meanwhile: replication controllers are scaled up and down, pods are created and deleted, and a Service
 * stands in front of two web servers. Remembers what was acknowledged.
 */

import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pods, replicationControllers, services } from '../../api/resources/core.ts';
import type { Pod, PodSpec } from '../../api/types/core/v1.ts';
import type { Client } from '../../client/client.ts';
import { ignoreExisting, ignoreMissing, untilAcknowledged } from './acknowledged.ts';
import type { Asked } from './differences.ts';
import type { Random } from './random.ts';

export interface WorkloadOptions {
  readonly client: Client;
  readonly namespace: string;
  /** Of all of busybox, in the engine itself. */
  readonly image: string;
  /** Of the node whose kubelet reads manifests in this folder. */
  readonly manifests?: { readonly folder: string; readonly nodeName: string };
}

export const served = 'web';
export const webPort = 8080;

const mostPods = 4;
const mostReplicas: Readonly<Record<string, number>> = { singles: 4, pairs: 2 };
const webReplicas = 2;
const mostManifests = 3;

export class Workload {
  readonly #options: WorkloadOptions;
  readonly #pods = new Set<string>();
  readonly #replicas = new Map<string, number>();
  readonly #manifests = new Set<string>();
  #made = 0;

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  get asked(): Asked {
    const { nodeName = '' } = this.#options.manifests ?? {};
    const mirrors = [...this.#manifests].map((name) => `${name}-${nodeName}`);
    return { pods: new Set([...this.#pods, ...mirrors]), replicas: this.#replicas, served };
  }

  async start(): Promise<void> {
    const { client, namespace } = this.#options;
    await this.#createController(served, webReplicas, ['web']);
    await this.#createController('singles', 2, ['main']);
    await this.#createController('pairs', 1, ['main', 'side']);
    const spec = { selector: { app: served }, ports: [{ port: 80, targetPort: webPort }] };
    await untilAcknowledged(() =>
      ignoreExisting(client.create(services, { metadata: { name: served, namespace }, spec })),
    );
  }

  /** One to three changes at the same time; resolves when all of them are acknowledged. */
  async change(random: Random): Promise<void> {
    const all: Change[] = ['scale singles', 'scale pairs', 'create', 'delete'];
    const changes = random.shuffle<Change>(this.#options.manifests === undefined ? all : [...all, 'manifest']);
    const chosen = changes.slice(0, 1 + random.below(3));
    await Promise.all(chosen.map((change) => this.#do(change, random)));
  }

  /** Deletes a pod; its controller, if it has one, makes another. */
  async remove({ name }: { readonly name: string }): Promise<void> {
    const { client, namespace } = this.#options;
    await untilAcknowledged(() => ignoreMissing(client.delete(pods, { namespace, name })));
    this.#pods.delete(name);
  }

  async #do(change: Change, random: Random): Promise<void> {
    switch (change) {
      case 'scale singles':
        return await this.#scale('singles', random);
      case 'scale pairs':
        return await this.#scale('pairs', random);
      case 'create':
        return await this.#createPod();
      case 'delete':
        return await this.#deletePod(random);
      case 'manifest':
        return await this.#changeManifest(random);
    }
  }

  async #createController(name: string, replicas: number, containers: readonly string[]): Promise<void> {
    const { client, namespace } = this.#options;
    const labels = { app: name };
    const spec = { replicas, selector: labels, template: { metadata: { labels }, spec: this.#podSpec(containers) } };
    const controller = { metadata: { name, namespace }, spec };
    await untilAcknowledged(() => ignoreExisting(client.create(replicationControllers, controller)));
    this.#replicas.set(name, replicas);
  }

  async #scale(name: string, random: Random): Promise<void> {
    const { client, namespace } = this.#options;
    const replicas = random.below((mostReplicas[name] ?? 0) + 1);
    const body = { spec: { replicas } };
    await untilAcknowledged(() => client.patch(replicationControllers, { namespace, name }, { type: 'merge', body }));
    this.#replicas.set(name, replicas);
  }

  async #createPod(): Promise<void> {
    if (this.#pods.size >= mostPods) return;
    this.#made += 1;
    const { client, namespace } = this.#options;
    const name = `pod-${this.#made}`;
    const pod: Pod = { metadata: { name, namespace }, spec: this.#podSpec(['main']) };
    await untilAcknowledged(() => ignoreExisting(client.create(pods, pod)));
    this.#pods.add(name);
  }

  async #deletePod(random: Random): Promise<void> {
    const name = random.pick([...this.#pods]);
    if (name !== undefined) await this.remove({ name });
  }

  /** Another manifest, another pod in one, or one less. */
  async #changeManifest(random: Random): Promise<void> {
    const { folder = '' } = this.#options.manifests ?? {};
    const name = `static-${1 + random.below(mostManifests)}`;
    const path = join(folder, `${name}.yaml`);
    if (this.#manifests.has(name) && random.below(2) === 0) {
      this.#manifests.delete(name);
      return await rm(path);
    }
    this.#made += 1;
    const metadata = { name, labels: { version: String(this.#made) } };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: this.#podSpec(['main']) };
    await writeFile(join(folder, `.${name}`), JSON.stringify(pod));
    await rename(join(folder, `.${name}`), path);
    this.#manifests.add(name);
  }

  #podSpec(containers: readonly string[]): PodSpec {
    const image = this.#options.image;
    return {
      terminationGracePeriodSeconds: 1,
      containers: containers.map((name) => ({ name, image, imagePullPolicy: 'Never', command: commandOf(name) })),
    };
  }
}

type Change = 'scale singles' | 'scale pairs' | 'create' | 'delete' | 'manifest';

const commandOf = (container: string): string[] =>
  container === 'web' ? ['httpd', '-f', '-p', String(webPort), '-h', '/etc'] : ['sleep', '100000'];
