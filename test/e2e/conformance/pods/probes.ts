/** What the conformance suite asks of probes. */

import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';
import { at, type Json } from '../../../conformance/api-user.ts';
import { type ClusterWorld, nextNames, podsOf, scriptPod, sleep } from '../cluster-world.ts';
import type { SharedCluster } from '../shared-cluster.ts';

export function probes(cluster: SharedCluster): void {
  let world: ClusterWorld;
  let namespace: string;
  before(async () => {
    ({ world, namespace } = await cluster.enter());
  });

  /** As many periods as a wrong kubelet would need to restart something. */
  const quietMs = 5_000;
  const always = { restartPolicy: 'Always' };
  const nextName = nextNames('p');

  async function startWith(script: string, container: Json, spec: Json = {}): Promise<string> {
    const made = await world.post(
      podsOf(namespace),
      scriptPod(nextName(), script, { container, spec: { ...always, ...spec } }),
    );
    const one = `${podsOf(namespace)}/${at(made, 'metadata.name')}`;
    await world.until(one, 'runs', (object) => at(object, 'status.containerStatuses.0.state.running') !== undefined);
    return one;
  }
  const restartsOf = (pod: Json): number => Number(at(pod, 'status.containerStatuses.0.restartCount') ?? 0);

  async function isRestarted(script: string, livenessProbe: Json, spec: Json = {}): Promise<void> {
    const one = await startWith(script, { livenessProbe }, spec);
    await world.until(one, 'is restarted', (object) => restartsOf(object) >= 1);
    await world.delete(one);
  }

  async function isNotRestarted(script: string, livenessProbe: Json, spec: Json = {}): Promise<void> {
    const one = await startWith(script, { livenessProbe }, spec);
    await delay(quietMs);
    assert.equal(restartsOf(await world.get(one)), 0);
    await world.delete(one);
  }

  /** No answer may be slow for the machine's sake. */
  const every = { periodSeconds: 1, failureThreshold: 1, initialDelaySeconds: 1, timeoutSeconds: 30 };
  const cat = { ...every, exec: { command: ['cat', '/tmp/health'] } };
  const http = { ...every, httpGet: { path: '/healthz', port: 8080 } };
  const serve = 'mkdir /www; echo ok >/www/healthz; httpd -p 8080 -h /www';

  /** A gRPC server of the health protocol on the node's address, where a pod of the node's network is probed. */
  async function healthServer(): Promise<{ port: number; stop(): void }> {
    const server = new grpc.Server();
    // The answer is a message whose first field, the status, is SERVING.
    const method = {
      path: '/grpc.health.v1.Health/Check',
      requestStream: false,
      responseStream: false,
      requestSerialize: (bytes: Buffer) => bytes,
      requestDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => bytes,
    };
    server.addService(
      { check: method },
      {
        check: (_call: unknown, answer: (error: null, bytes: Buffer) => void) =>
          answer(null, Buffer.from([0x08, 0x01])),
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      const credentials = grpc.ServerCredentials.createInsecure();
      server.bindAsync('0.0.0.0:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    return { port, stop: () => server.forceShutdown() };
  }

  it('[sig-node] Probing container should be restarted with a exec "cat /tmp/health" liveness probe [Conformance] [NodeConformance]', () =>
    isRestarted(`echo ok >/tmp/health; sleep 3; rm /tmp/health; ${sleep}`, cat));

  it('[sig-node] Probing container should *not* be restarted with a exec "cat /tmp/health" liveness probe [Conformance] [NodeConformance]', () =>
    isNotRestarted(`echo ok >/tmp/health; ${sleep}`, cat));

  it('[sig-node] Probing container should be restarted with a /healthz http liveness probe [Conformance] [NodeConformance]', () =>
    isRestarted(`${serve}; sleep 3; rm /www/healthz; ${sleep}`, http));

  it('[sig-node] Probing container should *not* be restarted with a /healthz http liveness probe [Conformance] [NodeConformance]', () =>
    isNotRestarted(`${serve}; ${sleep}`, http));

  it('[sig-node] Probing container should *not* be restarted with a tcp:8080 liveness probe [Conformance] [NodeConformance]', () =>
    // The page goes, the socket stays.
    isNotRestarted(`${serve}; sleep 2; rm /www/healthz; ${sleep}`, { ...every, tcpSocket: { port: 8080 } }));

  it('[sig-node] Probing container should have monotonically increasing restart count [Conformance] [NodeConformance]', async () => {
    const one = await startWith(`${serve}; sleep 1; rm /www/healthz; ${sleep}`, { livenessProbe: http });
    let last = 0;
    const growing = (object: Json): boolean => {
      assert.ok(restartsOf(object) >= last);
      last = restartsOf(object);
      return last >= 5;
    };
    // Each takes twice as long as the one before.
    await world.until(one, 'is restarted five times', growing, 300_000);
    await world.delete(one);
  });

  it('[sig-node] Probing container should *not* be restarted with a GRPC liveness probe [Conformance] [NodeConformance]', async () => {
    const { port, stop } = await healthServer();
    await isNotRestarted(sleep, { ...every, grpc: { port } }, { hostNetwork: true }).finally(stop);
  });

  it('[sig-node] Probing container should be restarted with a GRPC liveness probe [Conformance] [NodeConformance]', () =>
    // Nobody listens there.
    isRestarted(sleep, { ...every, grpc: { port: 2333 } }));

  it('[sig-node] Probing container with readiness probe should not be ready before initial delay and never restart [Conformance] [NodeConformance]', async () => {
    const initialDelaySeconds = 5;
    const readinessProbe = { ...every, initialDelaySeconds, exec: { command: ['true'] } };
    const one = await startWith(sleep, { readinessProbe });
    const pod = await world.until(one, 'is ready', (object) => at(object, 'status.containerStatuses.0.ready') === true);
    const conditions = at(pod, 'status.conditions') as Json[];
    const readyAt = Date.parse(String(conditions.find(({ type }) => type === 'Ready')?.lastTransitionTime));
    const startedAt = Date.parse(String(at(pod, 'status.containerStatuses.0.state.running.startedAt')));
    // Both are whole seconds.
    assert.ok(readyAt - startedAt >= (initialDelaySeconds - 1) * 1000, `${readyAt - startedAt} ms`);
    assert.equal(restartsOf(pod), 0);
  });

  it('[sig-node] Probing container with readiness probe that fails should never be ready and never restart [Conformance] [NodeConformance]', async () => {
    const one = await startWith(sleep, { readinessProbe: { ...every, exec: { command: ['false'] } } });
    await delay(quietMs);
    const pod = await world.get(one);
    assert.equal(at(pod, 'status.containerStatuses.0.ready'), false);
    assert.equal(restartsOf(pod), 0);
  });
}
