/** The guestbook: its images, made here and pushed to a registry on loopback, and its objects, until it answers. */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { apiVersionOf } from '../api/resource.ts';
import { pods } from '../api/resources/core.ts';
import type { Pod } from '../api/types/core/v1.ts';
import { systemClock } from '../base/clock.ts';
import { errorOutput } from '../base/error-text.ts';
import type { Running } from '../base/lifecycle.ts';
import { packageRoot } from '../base/package-root.ts';
import { UserError } from '../base/user-error.ts';
import { userAgentOf } from '../base/version.ts';
import { applyManifest } from '../client/apply-manifest.ts';
import type { Client } from '../client/client.ts';
import { discover } from '../client/discovery.ts';
import { parseManifests } from '../client/manifest.ts';
import { createRestClient } from '../client/rest-client.ts';
import { type Cluster, connectionAs } from './cluster.ts';
import { dockerSocket } from './components.ts';
import { canListen } from './host.ts';
import { httpGet } from './http-get.ts';
import type { Progress } from './progress.ts';
import { startRegistry } from './registry-process.ts';
import { waitUntil } from './wait-until.ts';

const run = promisify(execFile);
const namespace = 'default';
/** The registry that the manifests name. */
const manifestRegistry = 'localhost:5000';
export const demoNodePort = 30080;

/** Starts the registry (and adds it to `running`) and makes sure that it has the images. */
export async function prepareDemoImages(cluster: Cluster, running: Running[]): Promise<{ registry: string }> {
  const { dataDir, registryPort } = cluster.options;
  const port = await freePortFrom(registryPort);
  running.push(await startRegistry({ folder: join(dataDir, 'registry'), port, logger: cluster.logger }));
  const registry = `localhost:${port}`;
  const script = join(packageRoot, 'manifests', 'images', 'build.sh');
  try {
    await run(script, [registry], { env: { ...process.env, DOCKER_HOST: `unix://${dockerSocket()}` } });
  } catch (cause) {
    throw new UserError(
      `The demo's images cannot be built (${script}):\n${errorOutput(cause).trim()}\n--no-demo leaves it out.`,
      {
        cause,
      },
    );
  }
  return { registry };
}

async function freePortFrom(first: number): Promise<number> {
  for (let port = first; port < first + 10; port += 1) {
    if (await canListen(port, '127.0.0.1')) return port;
  }
  throw new UserError(`Ports ${first} to ${first + 9} are all taken: choose another with --registry-port`);
}

export interface DemoOptions {
  readonly registry: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Applies the manifests and waits until the page is answered through its Service. */
export async function runDemo(cluster: Cluster, options: DemoOptions): Promise<{ url: string }> {
  const connection = connectionAs(cluster, cluster.certificates.admin);
  const client = createRestClient(connection, { userAgent: userAgentOf('longshore-up'), logger: cluster.logger });
  try {
    await waitUntil({
      not: 'The guestbook cannot be applied',
      whyNot: () => applyAll(client, options.registry).then(() => undefined),
      clock: systemClock,
      signal: options.signal,
      everyMs: 500,
    });
    await waitForAnswer(client, cluster, options);
  } finally {
    await client.close();
  }
  return { url: `http://localhost:${demoNodePort}` };
}

async function applyAll(client: Client, registry: string): Promise<void> {
  const file = join(packageRoot, 'manifests', 'examples', 'guestbook', 'guestbook.yaml');
  const text = (await readFile(file, 'utf8')).replaceAll(`${manifestRegistry}/`, `${registry}/`);
  const { resources } = await discover(client);
  for (const manifest of parseManifests(text, file)) {
    const { apiVersion, kind, metadata } = manifest;
    const resource = resources.find((one) => one.kind === kind && apiVersionOf(one) === apiVersion);
    if (resource === undefined) throw new UserError(`The server has no kind "${kind}" in ${apiVersion}`);
    await applyManifest(client, resource, { ...manifest, metadata: { ...metadata, namespace } }, { force: true });
  }
}

/** Only a page that Redis has filled is a 200. */
async function waitForAnswer(client: Client, cluster: Cluster, { progress, signal }: DemoOptions): Promise<void> {
  await waitUntil({
    not: `The guestbook does not answer on port ${demoNodePort}`,
    async whyNot() {
      const answer = await httpGet(`http://${cluster.nodeIp}:${demoNodePort}/`);
      if (answer?.code === 200) return undefined;
      const { items } = await client.list(pods, { namespace, labelSelector: 'app=guestbook' });
      const running = `${items.filter(isRunning).length} of ${items.length} pods run`;
      progress.note(running);
      return [running, ...describeWaiting(items)].join('\n');
    },
    advice: `See ${cluster.options.dataDir}/longshore.log`,
    clock: systemClock,
    signal,
    everyMs: 50,
  });
}

const isRunning = (pod: Pod): boolean => pod.status?.phase === 'Running';

function describeWaiting(found: readonly Pod[]): string[] {
  return found
    .filter((pod) => !isRunning(pod))
    .map(({ metadata, status }) => {
      const reason =
        status?.containerStatuses?.[0]?.state?.waiting?.reason ??
        status?.conditions?.find((one) => one.status === 'False')?.message;
      return `  ${metadata?.name}: ${status?.phase ?? 'Pending'}${reason === undefined ? '' : `, ${reason}`}`;
    });
}
