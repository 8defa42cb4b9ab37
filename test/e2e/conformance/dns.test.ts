/** What the conformance suite asks of the cluster's DNS, asked by glibc and by busybox in pods. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { at, type Json } from '../../conformance/api-user.ts';
import { eventually } from '../../support/eventually.ts';
import { addressesOf, glibcMounts, glibcVolumes } from '../../support/pod-resolver.ts';
import { ClusterWorld, scriptPod } from './cluster-world.ts';

let world: ClusterWorld;
let namespace: string;
let services: string;

before(async () => {
  world = await ClusterWorld.start();
  namespace = await world.namespace();
  services = `/api/v1/namespaces/${namespace}/services`;
  await world.startPod(namespace, waiting('querier'));
});
after(() => world.stop());

const waiting = (name: string, spec: Json = {}): Json =>
  scriptPod(name, 'exec sleep 100000', {
    labels: { app: name },
    spec: { volumes: glibcVolumes, ...spec },
    container: { volumeMounts: glibcMounts },
  });

const inPod = async (script: string, pod = 'querier'): Promise<string> =>
  (await world.exec(namespace, pod, script)).trim();

/** The pod's resolver gives these addresses, by UDP and by TCP. */
async function resolves(name: string, wanted: readonly string[], pod = 'querier'): Promise<void> {
  for (const options of ['', 'use-vc'])
    await eventually(`${name} ${options}`, async () => {
      assert.equal(await inPod(addressesOf(name, options), pod), [...wanted].sort().join('\n'));
      return true;
    });
}

/** What busybox prints of records of this type. */
async function records(name: string, type: string, wanted: RegExp): Promise<void> {
  await eventually(`${type} ${name}`, async () => {
    assert.match(await inPod(`nslookup -type=${type} ${name}. 2>&1 || true`), wanted);
    return true;
  });
}

/** Two pods behind a headless Service and behind one with an address. */
async function makeServices(
  prefix: string,
): Promise<{ readonly clusterIp: string; readonly podIps: readonly string[] }> {
  const labels = { 'dns-test': prefix };
  const pods = await Promise.all(
    [1, 2].map((i) => {
      const pod = waiting(`${prefix}-${i}`);
      return world.startPod(namespace, { ...pod, metadata: { ...(pod.metadata as Json), labels } });
    }),
  );
  const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
  await world.post(services, { metadata: { name: prefix }, spec: { clusterIP: 'None', selector: labels, ports } });
  const regular = await world.post(services, {
    metadata: { name: `${prefix}-regular` },
    spec: { selector: labels, ports },
  });
  return {
    clusterIp: String(at(regular, 'spec.clusterIP')),
    podIps: pods.map((pod) => String(at(pod, 'status.podIP'))),
  };
}

it('[sig-network] DNS should provide DNS for the cluster [Conformance]', async () => {
  await resolves('kubernetes.default.svc.cluster.local', ['10.96.0.1']);
});

it('[sig-network] DNS should provide DNS for services [Conformance]', async () => {
  const { clusterIp, podIps } = await makeServices('dns-test-service');
  const domain = `${namespace}.svc.cluster.local`;
  await resolves(`dns-test-service.${domain}`, podIps);
  await resolves(`dns-test-service-regular.${domain}`, [clusterIp]);
  const escaped = domain.replaceAll('.', '\\.');
  await records(
    `_http._tcp.dns-test-service-regular.${domain}`,
    'srv',
    new RegExp(`80 dns-test-service-regular\\.${escaped}`),
  );
  await records(`_http._tcp.dns-test-service.${domain}`, 'srv', new RegExp(`80 \\S+\\.dns-test-service\\.${escaped}`));
  const reversed = clusterIp.split('.').reverse().join('.');
  await records(`${reversed}.in-addr.arpa`, 'ptr', new RegExp(`dns-test-service-regular\\.${escaped}`));
});

it('[sig-network] DNS should resolve DNS of partial qualified names for services [LinuxOnly] [Conformance]', async () => {
  const { clusterIp, podIps } = await makeServices('partial');
  for (const more of ['', `.${namespace}`, `.${namespace}.svc`]) {
    await resolves(`partial${more}`, podIps);
    await resolves(`partial-regular${more}`, [clusterIp]);
  }
});

/** A pod with a name in the domain of a headless Service that selects it. */
async function namedPod(name: string, subdomain: string): Promise<string> {
  const labels = { app: name };
  const spec = { clusterIP: 'None', selector: labels, ports: [{ name: 'http', port: 1234 }] };
  await world.post(services, { metadata: { name: subdomain }, spec });
  const pod = await world.startPod(namespace, waiting(name, { hostname: name, subdomain }));
  return String(at(pod, 'status.podIP'));
}

it('[sig-network] DNS should provide DNS for pods for Hostname [Conformance]', async () => {
  const ip = await namedPod('dns-querier-2', 'dns-test-service-2');
  await resolves(`dns-querier-2.dns-test-service-2.${namespace}.svc.cluster.local`, [ip]);
  assert.equal(await inPod('cat /proc/sys/kernel/hostname', 'dns-querier-2'), 'dns-querier-2');
});

it('[sig-network] DNS should provide DNS for pods for Subdomain [Conformance]', async () => {
  const ip = await namedPod('dns-querier-3', 'dns-test-service-3');
  await resolves(`dns-test-service-3.${namespace}.svc.cluster.local`, [ip]);
});

it('[sig-network] DNS should provide DNS for ExternalName services [Conformance]', async () => {
  const name = 'dns-test-external';
  const domain = `${name}.${namespace}.svc.cluster.local`;
  const one = `${services}/${name}`;
  await world.post(services, { metadata: { name }, spec: { type: 'ExternalName', externalName: 'foo.example.com' } });
  await records(domain, 'cname', /canonical name = foo\.example\.com/);
  await world.patch(one, { spec: { externalName: 'bar.example.com' } });
  await records(domain, 'cname', /canonical name = bar\.example\.com/);
  const spec = { type: 'ClusterIP', externalName: null, ports: [{ name: 'http', port: 80, protocol: 'TCP' }] };
  const changed = await world.patch(one, { spec });
  await resolves(domain, [String(at(changed, 'spec.clusterIP'))]);
});
