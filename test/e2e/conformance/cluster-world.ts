/** What conformance tests with running pods act on: a whole cluster in the sandbox, the API, kubectl, and busybox. */

import assert from 'node:assert/strict';
import { readKubeconfig } from '../../../client/kubeconfig.ts';
import { ApiUser, at, type Json } from '../../conformance/api-user.ts';
import { openWebSocketCommand } from '../../support/command-client.ts';
import { importBusybox } from '../../support/engine-state.ts';
import { eventually } from '../../support/eventually.ts';
import { allKubectls, Kubectl, type KubectlOptions } from '../../support/kubectl.ts';
import { LocalCluster } from '../../support/local-cluster.ts';

/** Every applet of busybox. Its entry point and command are `/bin/echo entrypoint` and `default arguments`. */
export const image = 'longshore-test/conformance:1';
/** Beside another container on the same two cores, a pod may take its time. */
const podTimeoutMs = 90_000;
/** Many wait at the same time, and what they wait for needs the machine. */
const everyMs = 150;

export interface ClusterWorldOptions {
  /** With the guestbook and its registry. Default false. */
  readonly demo?: boolean;
  /** More of them for `npm start`. */
  readonly flags?: readonly string[];
}

export class ClusterWorld extends ApiUser {
  readonly cluster: LocalCluster;
  /** Opened when it is first used: it may have to be downloaded. */
  #kubectl: Promise<Kubectl> | undefined;

  private constructor(cluster: LocalCluster) {
    super(cluster.client);
    this.cluster = cluster;
  }

  static async start({ demo = false, flags = [] }: ClusterWorldOptions = {}): Promise<ClusterWorld> {
    await importBusybox(image);
    const cluster = await LocalCluster.start({ flags: [...(demo ? [] : ['--no-demo']), ...flags] });
    return new ClusterWorld(cluster);
  }

  async stop(): Promise<void> {
    this.closeWatches();
    await (await this.#kubectl)?.close();
    await this.cluster.remove();
  }

  /** With the account that its pods run as. */
  override async namespace(): Promise<string> {
    const name = await super.namespace();
    await eventually('an account', () => this.get(`/api/v1/namespaces/${name}/serviceaccounts/default`));
    return name;
  }

  /** What kubectl writes; it must succeed. */
  async kubectl(namespace: string, words: readonly string[], options: KubectlOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await (await this.#openKubectl()).run(['-n', namespace, ...words], options);
    assert.equal(code, 0, `kubectl ${words.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** The object once it is so. */
  async until(path: string, what: string, test: (object: Json) => boolean, timeoutMs = podTimeoutMs): Promise<Json> {
    let last: Json | undefined;
    const isSo = async () => {
      last = await this.get(path);
      return test(last) ? last : undefined;
    };
    return await eventually(`${path}: ${what}`, isSo, { timeoutMs, everyMs }).catch(async (error: Error) => {
      const status = JSON.stringify(last?.status);
      throw new Error(`${error.message}; its status is ${status}; ${await this.#eventsOf(last)}`, { cause: error });
    });
  }

  async #eventsOf(object: Json | undefined): Promise<string> {
    const path = `/api/v1/namespaces/${at(object, 'metadata.namespace')}/events`;
    const events = await this.list(`${path}?fieldSelector=involvedObject.uid=${at(object, 'metadata.uid')}`);
    return `events: ${events.map(({ reason, message }) => `${reason}: ${message}`).join('; ')}`;
  }

  /** As many pods as that, and all of them ready. */
  async readyPods(namespace: string, selector: string, count: number): Promise<Json[]> {
    const path = `${podsOf(namespace)}?labelSelector=${encodeURIComponent(selector)}`;
    return await eventually(
      `${count} ready pods ${selector}`,
      async () => {
        const all = (await this.list(path)).filter((pod) => at(pod, 'metadata.deletionTimestamp') === undefined);
        return all.length === count && all.every(isReady) ? all : undefined;
      },
      { timeoutMs: podTimeoutMs, everyMs },
    );
  }

  /** Makes a pod and waits until it is ready. */
  async startPod(namespace: string, pod: Json): Promise<Json> {
    const made = await this.post(podsOf(namespace), pod);
    return await this.until(`${podsOf(namespace)}/${at(made, 'metadata.name')}`, 'is ready', isReady);
  }

  /** Makes a pod and waits until it has ended; with what its first container, or the one named, has written. */
  async runPod(namespace: string, pod: Json, container = ''): Promise<{ pod: Json; log: string }> {
    const made = await this.post(podsOf(namespace), pod);
    const one = `${podsOf(namespace)}/${at(made, 'metadata.name')}`;
    const ended = await this.until(one, 'has ended', ({ status }) =>
      /^(Succeeded|Failed)$/.test(String(at(status, 'phase'))),
    );
    return { pod: ended, log: await this.log(one, container) };
  }

  /** What the first container of a pod has written when it is over, well. */
  async outputOf(namespace: string, pod: Json): Promise<string> {
    const { pod: ended, log } = await this.runPod(namespace, pod);
    assert.equal(at(ended, 'status.phase'), 'Succeeded', log);
    return log;
  }

  /** What a shell script writes that runs in a pod's only container, or the one named; errors left out. */
  async exec(namespace: string, pod: string, script: string, container = ''): Promise<string> {
    const words = ['sh', '-c', script].map((word) => `command=${encodeURIComponent(word)}`).join('&');
    const { heard } = await openWebSocketCommand({
      connection: await readKubeconfig(this.cluster.kubeconfig),
      path: `${podsOf(namespace)}/${pod}/exec?stdout=1&container=${container}&${words}`,
      protocol: 'v4.channel.k8s.io',
    });
    return (await heard).stdout.toString();
  }

  #openKubectl(): Promise<Kubectl> {
    this.#kubectl ??= openNewestKubectl(this.cluster.kubeconfig);
    return this.#kubectl;
  }

  async log(pod: string, container = ''): Promise<string> {
    return (await this.client.raw('GET', `${pod}/log${container && `?container=${container}`}`)).text;
  }
}

async function openNewestKubectl(kubeconfig: string): Promise<Kubectl> {
  const newest = (await allKubectls()).at(-1);
  assert.ok(newest);
  return await Kubectl.open(newest, kubeconfig);
}

/** `pod-1`, `pod-2`, … */
export function nextNames(prefix: string): () => string {
  let count = 0;
  return () => {
    count += 1;
    return `${prefix}-${count}`;
  };
}

/** For the end of a script: a container that goes on, and ends at once when it is told to. */
export const sleep = 'exec sleep 100000';

export const podsOf = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods`;

export function isReady(pod: Json): boolean {
  const conditions = (at(pod, 'status.conditions') ?? []) as Json[];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** A pod with one container that runs a shell script; `spec` and `container` add to it. */
export function scriptPod(
  name: string,
  script: string,
  more: { spec?: Json; container?: Json; labels?: Json } = {},
): Json {
  const container = { name: 'c', image, command: ['sh', '-c', script], ...more.container };
  return {
    metadata: { name, labels: more.labels },
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [container], ...more.spec },
  };
}
