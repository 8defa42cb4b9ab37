/**
 * A kubelet without an engine, on an API server of its own, whose time only moves when a test says so: what takes it
 * minutes takes the test milliseconds, and happens at that very moment or not at all.
 */

import type { Stored } from '../../api/object.ts';
import { events, pods } from '../../api/resources/core.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { Container, ContainerStatus, Event, Pod } from '../../api/types/core/v1.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import type { KubeletOptions } from '../../kubelet/kubelet-options.ts';
import type { ContainerState } from '../../kubelet/runtime/runtime.ts';
import type { FakeRuntime } from '../../kubelet/runtime/testing/fake-runtime.ts';
import { eventually } from './eventually.ts';
import { FakeKubelet } from './fake-kubelet.ts';
import { startTestApiServer, type TestApiServer } from './test-api-server.ts';
import { podUntil } from './test-kubelet.ts';

export type PodSpec = NonNullable<Pod['spec']>;

/** Runs until it is asked to end. */
export const patient = 'trap "exit 0" TERM; while true; do sleep 0.1; done';
/** Runs until it is killed. */
export const stubborn = 'trap "" TERM; while true; do sleep 0.1; done';

export const sh = (script: string): { command: string[] } => ({ command: ['sh', '-c', script] });
export const exec = (script: string): { exec: { command: string[] } } => ({ exec: sh(script) });

/** Usual: it is called `c` and runs until it is asked to end. */
export const container = (script = patient, rest: Partial<Container> = {}): Container => ({
  name: 'c',
  image: 'busybox:1',
  ...sh(script),
  ...rest,
});

export class KubeletWorld {
  readonly clock: FakeClock;
  readonly server: TestApiServer;
  readonly kubelet: FakeKubelet;

  private constructor(server: TestApiServer, kubelet: FakeKubelet, clock: FakeClock) {
    this.server = server;
    this.kubelet = kubelet;
    this.clock = clock;
  }

  /** The kubelet's time begins at the API server's, which goes on by itself. */
  static async start(options: Pick<KubeletOptions, 'pluginRoot' | 'shutdown'> = {}): Promise<KubeletWorld> {
    const clock = new FakeClock(Date.now());
    const server = await startTestApiServer();
    return new KubeletWorld(server, await FakeKubelet.start(server, { ...options, clock }), clock);
  }

  async stop(): Promise<void> {
    await this.kubelet.remove();
    await this.server.stop();
  }

  get runtime(): FakeRuntime {
    return this.kubelet.runtime;
  }

  async pass(seconds: number): Promise<void> {
    await this.clock.advance(seconds * 1000);
  }

  /** While time passes, a tenth of a second and then another, until `check` holds. For what comes some time. */
  async passUntil<T>(what: string, check: () => T | Promise<T>): Promise<Exclude<T, undefined | false>> {
    const tick = async () => {
      const found = await check();
      if (found === undefined || found === false) await this.clock.advance(100);
      return found;
    };
    return await eventually(what, tick, { everyMs: 5 });
  }

  async create(name: string, spec: Partial<PodSpec> = {}): Promise<void> {
    await this.server.client.create<Pod>(pods, {
      metadata: { namespace: 'default', name },
      spec: { terminationGracePeriodSeconds: 30, nodeName: 'node-1', containers: [container()], ...spec },
    });
  }

  async remove(name: string, gracePeriodSeconds?: number): Promise<void> {
    await this.server.client.delete(pods, { namespace: 'default', name }, { gracePeriodSeconds });
  }

  async get(name: string): Promise<Stored<Pod>> {
    return await this.server.client.get<Pod>(pods, { namespace: 'default', name });
  }

  /** The pod once `check` holds, while time stands still. */
  async podUntil(name: string, check: (pod: Stored<Pod>) => boolean): Promise<Stored<Pod>> {
    return await podUntil(this.server, name, check);
  }

  /** The same while time passes: for what is not written at once, or takes its time. */
  async podAfterTime(name: string, check: (pod: Stored<Pod>) => boolean): Promise<Stored<Pod>> {
    return await this.passUntil(`pod ${name}`, async () => {
      const pod = await this.get(name);
      return check(pod) && pod;
    });
  }

  /** Once the pod's object is gone, however long that takes. */
  async untilGone(name: string): Promise<void> {
    await this.passUntil(`pod ${name} is gone`, async () => {
      try {
        await this.get(name);
        return false;
      } catch (error) {
        return isNotFound(error);
      }
    });
  }

  async podPhase(name: string, phase: string): Promise<Stored<Pod>> {
    return await this.podUntil(name, ({ status }) => status?.phase === phase);
  }

  /** What events of that reason say of the pod, once there is one. */
  async messagesOf(podName: string, reason: string): Promise<string[]> {
    const fieldSelector = `involvedObject.name=${podName},reason=${reason}`;
    return await this.passUntil(`an event ${reason} of ${podName}`, async () => {
      const { items } = await this.server.client.list<Event>(events, { namespace: 'default', fieldSelector });
      return items.length > 0 && items.map(({ message = '' }) => message);
    });
  }

  /** Passes time until events of that reason about the pod have been counted at least so often; returns how often. */
  async eventsCounted(podName: string, reason: string, least: number): Promise<number> {
    const fieldSelector = `involvedObject.name=${podName},reason=${reason}`;
    return await this.passUntil(`${least} events ${reason} of ${podName}`, async () => {
      const { items } = await this.server.client.list<Event>(events, { namespace: 'default', fieldSelector });
      const sum = items.reduce((total, { count = 1 }) => total + count, 0);
      return sum >= least && sum;
    });
  }

  /** Attempts at that container, the newest first. */
  async attemptsAt(podName: string, name = 'c'): Promise<ContainerState[]> {
    const { containers } = await this.runtime.list();
    return containers
      .filter((one) => one.pod.name === podName && one.name === name)
      .sort((a, b) => b.attempt - a.attempt);
  }

  /** The newest attempt, once it runs. */
  async running(podName: string, name = 'c'): Promise<ContainerState> {
    return await eventually(`${name} of ${podName} runs`, async () => {
      const [newest] = await this.attemptsAt(podName, name);
      return newest?.status.type === 'running' && newest;
    });
  }

  /** The process of a running container ends by itself. */
  async exit(podName: string, exitCode: number, name = 'c'): Promise<void> {
    this.runtime.exit((await this.running(podName, name)).id, exitCode);
  }
}

/** One container of the pod, as the API shows it. */
export function statusOf({ status }: Pod, name = 'c'): ContainerStatus | undefined {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return all.find((one) => one.name === name);
}

export const waitingReason = (pod: Pod, name?: string): string | undefined =>
  statusOf(pod, name)?.state?.waiting?.reason;

export const conditionOf = ({ status }: Pod, type: string): string | undefined =>
  status?.conditions?.find((one) => one.type === type)?.status;

export const isReady = (pod: Pod): boolean => conditionOf(pod, 'Ready') === 'True';
