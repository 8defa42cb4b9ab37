/** What the conformance suite asks of what containers find around them: users, rights, hosts, resolvers, tokens. */

import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { at, type Json } from '../../../conformance/api-user.ts';
import { eventually } from '../../../support/eventually.ts';
import { type ClusterWorld, nextNames, podsOf, scriptPod } from '../cluster-world.ts';
import type { SharedCluster } from '../shared-cluster.ts';

export function surroundings(cluster: SharedCluster): void {
  let world: ClusterWorld;
  let namespace: string;
  before(async () => {
    ({ world, namespace } = await cluster.enter());
  });

  const nextName = nextNames('pod');
  const outputOf = (pod: Json): Promise<string> => world.outputOf(namespace, pod);

  it('[sig-node] Kubelet when scheduling a read only busybox container should not write to root filesystem [LinuxOnly] [Conformance] [NodeConformance]', async () => {
    const container = { securityContext: { readOnlyRootFilesystem: true } };
    const script = 'echo test > /file; exec cat /file';
    const { pod, log } = await world.runPod(namespace, scriptPod(nextName(), script, { container }));
    assert.equal(at(pod, 'status.phase'), 'Failed');
    assert.match(log, /\/file: Read-only file system/);
  });

  it('[sig-node] Kubelet when scheduling an agnhost Pod with hostAliases should write entries to /etc/hosts [Conformance] [NodeConformance]', async () => {
    const spec = { hostAliases: [{ ip: '123.45.67.89', hostnames: ['foo', 'bar'] }] };
    assert.match(await outputOf(scriptPod(nextName(), 'cat /etc/hosts', { spec })), /^123\.45\.67\.89\tfoo\tbar$/m);
  });

  it('[sig-node] KubeletManagedEtcHosts should test kubelet managed /etc/hosts file [Conformance] [NodeConformance]', async () => {
    const managed = '# Kubernetes-managed hosts file';
    const volumes = [{ name: 'hosts', hostPath: { path: '/etc/hosts', type: 'File' } }];
    const volumeMounts = [{ name: 'hosts', mountPath: '/etc/hosts' }];
    const read = (spec: Json, container: Json = {}) =>
      outputOf(scriptPod(nextName(), 'cat /etc/hosts', { spec, container }));
    assert.ok((await read({})).startsWith(managed));
    assert.doesNotMatch(await read({ volumes }, { volumeMounts }), /managed hosts file/);
    assert.ok(!(await read({ hostNetwork: true })).startsWith(`${managed}.\n`));
  });

  it('[sig-node] Security Context When creating a container with runAsUser should run the container with uid 65534 [LinuxOnly] [Conformance] [NodeConformance]', async () => {
    const container = { securityContext: { runAsUser: 65534 } };
    assert.equal(await outputOf(scriptPod(nextName(), 'id -u', { container })), '65534\n');
  });

  it('[sig-node] Security Context When creating a pod with privileged should run the container as unprivileged when false [LinuxOnly] [Conformance] [NodeConformance]', async () => {
    const container = { securityContext: { privileged: false } };
    const script = 'ip link add dummy0 type dummy || true';
    assert.match(await outputOf(scriptPod(nextName(), script, { container })), /Operation not permitted/);
  });

  it('[sig-node] Security Context When creating a pod with readOnlyRootFilesystem should run the container with writable rootfs when readOnlyRootFilesystem=false [Conformance] [NodeConformance]', async () => {
    const container = { securityContext: { readOnlyRootFilesystem: false } };
    assert.equal(await outputOf(scriptPod(nextName(), 'touch checkfile && echo done', { container })), 'done\n');
  });

  it('[sig-node] Security Context when creating containers with AllowPrivilegeEscalation should not allow privilege escalation when false [LinuxOnly] [Conformance] [NodeConformance]', async () => {
    const container = { securityContext: { runAsUser: 1000, allowPrivilegeEscalation: false } };
    const script = 'grep NoNewPrivs /proc/self/status; id -u';
    assert.match(await outputOf(scriptPod(nextName(), script, { container })), /^NoNewPrivs:\t1\n1000\n$/);
  });

  it('[sig-node] Security Context should support container.SecurityContext.RunAsUser And container.SecurityContext.RunAsGroup [LinuxOnly] [Conformance]', async () => {
    const container = { securityContext: { runAsUser: 1001, runAsGroup: 2002 } };
    assert.match(await outputOf(scriptPod(nextName(), 'id', { container })), /^uid=1001 gid=2002/);
  });

  it('[sig-node] Security Context should support pod.Spec.SecurityContext.RunAsUser And pod.Spec.SecurityContext.RunAsGroup [LinuxOnly] [Conformance]', async () => {
    const spec = { securityContext: { runAsUser: 1001, runAsGroup: 2002 } };
    assert.match(await outputOf(scriptPod(nextName(), 'id', { spec })), /^uid=1001 gid=2002/);
  });

  it('[sig-node] Sysctls [LinuxOnly] should support sysctls [Environment:NotInUserNS] [Conformance] [NodeConformance]', async () => {
    const spec = { securityContext: { sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }] } };
    const script = 'cat /proc/sys/kernel/shm_rmid_forced';
    assert.equal(await outputOf(scriptPod(nextName(), script, { spec })), '1\n');
  });

  it('[sig-network] DNS should support configurable pod DNS nameservers [Conformance]', async () => {
    const spec = { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'], searches: ['resolv.conf.local'] } };
    const log = await outputOf(scriptPod(nextName(), 'cat /etc/resolv.conf', { spec }));
    assert.deepEqual(log.trim().split('\n').sort(), ['nameserver 1.1.1.1', 'search resolv.conf.local']);
  });

  it('[sig-network] DNS should provide /etc/hosts entries for the cluster [Conformance]', async () => {
    const spec = { hostname: 'dns-querier-1', subdomain: 'dns-test-service' };
    const { pod, log } = await world.runPod(namespace, scriptPod(nextName(), 'cat /etc/hosts', { spec }));
    const names = log.split('\n').map((line) => line.split(/\s+/));
    const own = names.find(([address]) => address === at(pod, 'status.podIP'));
    const domain = `dns-test-service.${namespace}.svc.cluster.local`;
    assert.deepEqual(own?.slice(1), [`dns-querier-1.${domain}`, 'dns-querier-1'], log);
  });

  it('[sig-auth] ServiceAccounts should mount projected service account token [Conformance]', async () => {
    const sources = [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3600, audience: 'oidc-discovery-test' } },
    ];
    const spec = { volumes: [{ name: 'token', projected: { sources } }] };
    const container = { volumeMounts: [{ name: 'token', mountPath: '/test-volume' }] };
    const pod = scriptPod(nextName(), `cat /test-volume/token; echo; exec sleep 100000`, { spec, container });
    const made = await world.startPod(namespace, pod);
    const one = `${podsOf(namespace)}/${at(made, 'metadata.name')}`;
    const token = await eventually('the token', async () => (await world.log(one)).trim() || undefined);
    const review = await world.post('/apis/authentication.k8s.io/v1/tokenreviews', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: ['oidc-discovery-test'] },
    });
    assert.equal(at(review, 'status.authenticated'), true);
    assert.equal(at(review, 'status.user.username'), `system:serviceaccount:${namespace}:default`);
    const extra = at(review, 'status.user.extra') as Json;
    assert.deepEqual(extra['authentication.kubernetes.io/pod-uid'], [at(made, 'metadata.uid')]);
  });
}
