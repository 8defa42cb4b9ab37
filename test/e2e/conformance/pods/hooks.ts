/** What the conformance suite asks of hooks. */

import { before, it } from 'node:test';
import { at, type Json } from '../../../conformance/api-user.ts';
import { eventually } from '../../../support/eventually.ts';
import { type ClusterWorld, nextNames, podsOf, scriptPod } from '../cluster-world.ts';
import type { SharedCluster } from '../shared-cluster.ts';

export function hooks(cluster: SharedCluster): void {
  let world: ClusterWorld;
  let namespace: string;
  before(async () => {
    ({ world, namespace } = await cluster.enter());
  });

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

  /** A pod that keeps the paths it was asked for in its log; its address. */
  async function startHandler(name: string): Promise<string> {
    const script = `mkdir -p /www; for page in poststart prestop; do echo ok >/www/$page; done; exec httpd -f -vv -p 8080 -h /www`;
    const pod = await world.startPod(namespace, scriptPod(name, script, { spec: always }));
    return String(at(pod, 'status.podIP'));
  }
  const wasAsked = (name: string, page: string): Promise<unknown> =>
    eventually(`${name} was asked for ${page}`, async () =>
      (await world.log(`${podsOf(namespace)}/${name}`)).includes(`/${page}`),
    );

  const graceful = { terminationGracePeriodSeconds: 15 };

  async function hookIsCalled(handlerName: string, lifecycleOf: (host: string) => Json, page: string): Promise<void> {
    const host = await startHandler(handlerName);
    const one = await startWith(
      'trap "exit 0" TERM; while :; do sleep 0.1; done',
      { lifecycle: lifecycleOf(host) },
      graceful,
    );
    if (page === 'prestop') await world.delete(one);
    await wasAsked(handlerName, page);
    if (page === 'prestop') await world.isGone(one);
  }

  const wget = (host: string, page: string): Json => ({
    exec: { command: ['sh', '-c', `wget -q -O - http://${host}:8080/${page}`] },
  });
  const httpGet = (host: string, page: string): Json => ({ httpGet: { host, path: `/${page}`, port: 8080 } });

  it('[sig-node] Container Lifecycle Hook when create a pod with lifecycle hook should execute poststart exec hook properly [Conformance] [NodeConformance]', () =>
    hookIsCalled('handler-1', (host) => ({ postStart: wget(host, 'poststart') }), 'poststart'));

  it('[sig-node] Container Lifecycle Hook when create a pod with lifecycle hook should execute poststart http hook properly [Conformance] [NodeConformance]', () =>
    hookIsCalled('handler-2', (host) => ({ postStart: httpGet(host, 'poststart') }), 'poststart'));

  it('[sig-node] Container Lifecycle Hook when create a pod with lifecycle hook should execute prestop exec hook properly [Conformance] [NodeConformance]', () =>
    hookIsCalled('handler-3', (host) => ({ preStop: wget(host, 'prestop') }), 'prestop'));

  it('[sig-node] Container Lifecycle Hook when create a pod with lifecycle hook should execute prestop http hook properly [Conformance] [NodeConformance]', () =>
    hookIsCalled('handler-4', (host) => ({ preStop: httpGet(host, 'prestop') }), 'prestop'));

  it('[sig-node] PreStop should call prestop when killing a pod [Conformance]', () =>
    hookIsCalled('server', (host) => ({ preStop: wget(host, 'prestop') }), 'prestop'));
}
