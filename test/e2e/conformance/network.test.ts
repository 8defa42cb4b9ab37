/**
 * What the conformance suite asks of endpoints, host ports, the pod network and the API's proxies; of DNS: `dns.test.ts`. Servers are Node programs: the node's own, by a mount of its file system.
 */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { createAuthority, issueCertificate } from '../../../base/certificates.ts';
import { at, type Json, nameOf } from '../../conformance/api-user.ts';
import { eventually } from '../../support/eventually.ts';
import { ClusterWorld, podsOf, scriptPod } from './cluster-world.ts';

let world: ClusterWorld;
let namespace: string;
let root: string;
let nodeIp: string;
before(async () => {
  world = await ClusterWorld.start();
  namespace = await world.namespace();
  root = `/api/v1/namespaces/${namespace}`;
  const client = await world.startPod(namespace, nodePod('client', 'setInterval(() => {}, 1000)'));
  nodeIp = String(at(client, 'status.hostIP'));
  await world.startPod(
    namespace,
    nodePod('client-on-node', 'setInterval(() => {}, 1000)', { spec: { hostNetwork: true } }),
  );
});
after(() => world.stop());

const runNode = (program: string): string => `chroot /host ${process.execPath} -e '${program}'`;

/** A pod that runs a program of Node. */
function nodePod(name: string, program: string, more: { spec?: Json; container?: Json; labels?: Json } = {}): Json {
  return scriptPod(name, `exec ${runNode(program)}`, {
    labels: more.labels ?? { name },
    spec: { volumes: [{ name: 'host', hostPath: { path: '/' } }], ...more.spec },
    container: { volumeMounts: [{ name: 'host', mountPath: '/host', readOnly: true }], ...more.container },
  });
}

/** Its name by HTTP and by UDP. */
const serveName = (httpPort = 8080, udpPort = 8081): string => `
  const name = require("os").hostname();
  require("http").createServer((request, response) => response.end(name)).listen(${httpPort});
  const udp = require("dgram").createSocket("udp4");
  udp.on("message", (text, { port, address }) => udp.send(name, port, address));
  udp.bind(${udpPort});`;

/** What answers there, asked from the pod `from`; empty when nothing does. */
const overHttp = async (from: string, address: string): Promise<string> => {
  const program = `
    fetch("http://${address}/", { signal: AbortSignal.timeout(2000) })
      .then((response) => response.text()).then(console.log, () => {});`;
  return (await world.exec(namespace, from, runNode(program))).trim();
};
function overUdp(from: string, host: string, port: number): Promise<string> {
  const program = `
    const udp = require("dgram").createSocket("udp4");
    udp.on("message", (text) => { console.log(String(text)); process.exit(); });
    udp.send("name", ${port}, "${host}");
    setTimeout(() => process.exit(), 2000);`;
  return world.exec(namespace, from, runNode(program)).then((text) => text.trim());
}
const answers = (what: string, ask: () => Promise<string>, wanted: string): Promise<boolean> =>
  eventually(what, async () => (await ask()) === wanted, { timeoutMs: 60_000 });

const slicesOf = (service: string): string =>
  `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=kubernetes.io/service-name%3D${service}`;

/** Two pods; one Service selects the first alone, by port name, the other both. */
async function podsBehindServices(prefix: string): Promise<readonly string[]> {
  const labels = { app: prefix };
  const pod = (name: string, containerPort: number, more: Json) =>
    nodePod(name, serveName(containerPort), {
      labels: { ...labels, ...more },
      container: { ports: [{ name: 'example-name', containerPort, protocol: 'TCP' }] },
    });
  const addresses = await Promise.all(
    [pod(`${prefix}-1`, 3000, { first: 'true' }), pod(`${prefix}-2`, 3001, {})].map(async (one) =>
      String(at(await world.startPod(namespace, one), 'status.podIP')),
    ),
  );
  const ports = [{ name: 'example', port: 80, targetPort: 'example-name' }];
  const service = (name: string, selector: Json) =>
    world.post(`${root}/services`, { metadata: { name }, spec: { selector, ports } });
  await service(`${prefix}-one`, { ...labels, first: 'true' });
  await service(`${prefix}-both`, labels);
  return addresses;
}

it('[sig-network] EndpointSlice should create Endpoints and EndpointSlices for Pods matching a Service [Conformance]', async () => {
  const [first, second] = await podsBehindServices('sliced');
  const targets = async (service: string): Promise<string[]> =>
    (await world.list(slicesOf(service))).flatMap(({ endpoints, ports }) =>
      ((endpoints ?? []) as Json[])
        .filter((one) => at(one, 'conditions.ready') === true)
        .map((one) => `${at(one, 'addresses.0')}:${at(ports, '0.port')} ${at(one, 'targetRef.kind')}`),
    );
  const has = (service: string, wanted: readonly string[]) =>
    eventually(`slices of ${service}`, async () => {
      assert.deepEqual((await targets(service)).sort(), [...wanted].sort());
      return true;
    });
  await has('sliced-one', [`${first}:3000 Pod`]);
  await has('sliced-both', [`${first}:3000 Pod`, `${second}:3001 Pod`]);
});

it('[sig-network] EndpointsController should create Endpoints for Pods matching a Service [Conformance]', async () => {
  const [first, second] = await podsBehindServices('listed');
  const has = (service: string, wanted: readonly string[]) =>
    eventually(`endpoints of ${service}`, async () => {
      const { subsets } = await world.get(`${root}/endpoints/${service}`);
      const found = (subsets as Json[]).flatMap(({ addresses, ports }) =>
        (addresses as Json[]).flatMap(({ ip }) => (ports as Json[]).map(({ port }) => `${ip}:${port}`)),
      );
      assert.deepEqual(found.sort(), [...wanted].sort());
      return true;
    });
  await has('listed-one', [`${first}:3000`]);
  await has('listed-both', [`${first}:3000`, `${second}:3001`]);
});

const slice = (service: string, suffix: string, addresses: readonly string[], ports: readonly Json[]): Json => ({
  metadata: { name: `${service}-${suffix}`, labels: { 'kubernetes.io/service-name': service } },
  addressType: 'IPv4',
  endpoints: [{ addresses }],
  ports,
});
const slices = (): string => `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;

it('[sig-network] EndpointSlice should support a Service with multiple endpoint IPs specified in multiple EndpointSlices [Conformance]', async () => {
  const port = { name: 'http', port: 8080, protocol: 'TCP' };
  const service = { metadata: { name: 'by-address' }, spec: { ports: [{ ...port, port: 80 }] } };
  const clusterIp = at(await world.post(`${root}/services`, service), 'spec.clusterIP');
  for (const name of ['address-1', 'address-2']) {
    const pod = await world.startPod(namespace, nodePod(name, serveName()));
    await world.post(slices(), slice('by-address', name, [String(at(pod, 'status.podIP'))], [port]));
  }
  const seen = new Set<string>();
  await eventually('both have answered', async () => {
    seen.add(await overHttp('client', `${clusterIp}:80`));
    return seen.has('address-1') && seen.has('address-2');
  });
});

it('[sig-network] EndpointSlice should support a Service with multiple ports specified in multiple EndpointSlices [Conformance]', async () => {
  const ports = [
    { name: 'one', port: 8080, protocol: 'TCP' },
    { name: 'two', port: 9090, protocol: 'TCP' },
  ];
  const service = {
    metadata: { name: 'by-port' },
    spec: { ports: ports.map((one) => ({ ...one, targetPort: one.port })) },
  };
  const clusterIp = at(await world.post(`${root}/services`, service), 'spec.clusterIP');
  for (const port of ports) {
    const pod = await world.startPod(namespace, nodePod(`port-${port.name}`, serveName(port.port)));
    await world.post(slices(), slice('by-port', port.name, [String(at(pod, 'status.podIP'))], [port]));
  }
  await answers('the first port', () => overHttp('client', `${clusterIp}:8080`), 'port-one');
  await answers('the second port', () => overHttp('client', `${clusterIp}:9090`), 'port-two');
});

it('[sig-network] Services should serve endpoints on same port and different protocols [Conformance]', async () => {
  await world.startPod(namespace, nodePod('two-protocols', serveName(8080, 8080)));
  const port = (protocol: string): Json => ({ name: protocol.toLowerCase(), port: 80, targetPort: 8080, protocol });
  const one = `${root}/services/two-protocols`;
  const spec = { selector: { name: 'two-protocols' }, ports: [port('TCP'), port('UDP')] };
  const service = await world.post(`${root}/services`, { metadata: { name: 'two-protocols' }, spec });
  const clusterIp = String(at(service, 'spec.clusterIP'));
  const tcp = () => overHttp('client', `${clusterIp}:80`);
  const udp = () => overUdp('client', clusterIp, 80);
  await answers('TCP', tcp, 'two-protocols');
  await answers('UDP', udp, 'two-protocols');
  for (const [kept, does, doesNot] of [
    ['TCP', tcp, udp],
    ['UDP', udp, tcp],
  ] as const) {
    await world.update(one, (object) => ({ ...object, spec: { ...(object.spec as Json), ports: [port(kept)] } }));
    await answers(kept, does, 'two-protocols');
    await answers(`nothing but ${kept}`, doesNot, '');
  }
});

it('[sig-network] HostPort validates that there is no conflict between pods with same hostPort but different hostIP and protocol [LinuxOnly] [Conformance]', async () => {
  const hostPort = 54_323;
  for (const [name, hostIP, protocol] of [
    ['hostport-1', '127.0.0.1', 'TCP'],
    ['hostport-2', nodeIp, 'TCP'],
    ['hostport-3', nodeIp, 'UDP'],
  ] as const) {
    const ports = [{ hostPort, hostIP, protocol, containerPort: protocol === 'TCP' ? 8080 : 8081 }];
    await world.startPod(namespace, nodePod(name, serveName(), { container: { ports } }));
  }
  await answers('on loopback', () => overHttp('client-on-node', `127.0.0.1:${hostPort}`), 'hostport-1');
  await answers('on the node’s address', () => overHttp('client-on-node', `${nodeIp}:${hostPort}`), 'hostport-2');
  await answers('by UDP', () => overUdp('client-on-node', nodeIp, hostPort), 'hostport-3');
});

for (const [title, client, protocol] of [
  [
    '[sig-network] Networking Granular Checks: Pods should function for intra-pod communication: http [Conformance] [NodeConformance]',
    'client',
    'http',
  ],
  [
    '[sig-network] Networking Granular Checks: Pods should function for intra-pod communication: udp [Conformance] [NodeConformance]',
    'client',
    'udp',
  ],
  [
    '[sig-network] Networking Granular Checks: Pods should function for node-pod communication: http [LinuxOnly] [Conformance] [NodeConformance]',
    'client-on-node',
    'http',
  ],
  [
    '[sig-network] Networking Granular Checks: Pods should function for node-pod communication: udp [LinuxOnly] [Conformance] [NodeConformance]',
    'client-on-node',
    'udp',
  ],
] as const) {
  it(title, async () => {
    for (const name of [1, 2].map((i) => `netserver-${client}-${protocol}-${i}`)) {
      const pod = await world.startPod(namespace, nodePod(name, serveName()));
      const ip = String(at(pod, 'status.podIP'));
      const ask = () => (protocol === 'http' ? overHttp(client, `${ip}:8080`) : overUdp(client, ip, 8081));
      await answers(name, ask, name);
    }
  });
}

it('[sig-network] Service endpoints latency should not be very high [Conformance]', async () => {
  await world.startPod(namespace, nodePod('svc-latency', serveName()));
  const latenciesMs: number[] = [];
  const measure = async (i: number): Promise<void> => {
    const name = `latency-svc-${i}`;
    const started = performance.now();
    const spec = { selector: { name: 'svc-latency' }, ports: [{ port: 80 }] };
    await world.post(`${root}/services`, { metadata: { name }, spec });
    await eventually('its endpoints', async () =>
      at(await world.get(`${root}/endpoints/${name}`), 'subsets.0.addresses.0.ip'),
    );
    latenciesMs.push(performance.now() - started);
    await world.delete(`${root}/services/${name}`);
  };
  for (let i = 0; i < 100; i += 5) await Promise.all([0, 1, 2, 3, 4].map((j) => measure(i + j)));
  latenciesMs.sort((a, b) => a - b);
  assert.equal(latenciesMs.length, 100);
  assert.ok(Number(latenciesMs[50]) < 20_000, `p50 ${latenciesMs[50]} ms`);
  assert.ok(Number(latenciesMs[99]) < 50_000, `p99 ${latenciesMs[99]} ms`);
});

/** Says how it was asked. */
const echo = `
  require("http").createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => { body += chunk; });
    request.on("end", () => response.end(JSON.stringify({ method: request.method, path: request.url, body })));
  }).listen(80);`;

/** A pod and a Service in front of it; the paths of both in the API. */
async function startEcho(name: string): Promise<string[]> {
  await world.startPod(namespace, nodePod(name, echo, { container: { ports: [{ containerPort: 80 }] } }));
  const spec = { selector: { name }, ports: [{ port: 80 }] };
  await world.post(`${root}/services`, { metadata: { name }, spec });
  const both = [`${podsOf(namespace)}/${name}/proxy`, `${root}/services/${name}/proxy`];
  for (const one of both) await eventually('it answers', () => world.client.raw('GET', `${one}/`));
  return both;
}
const writing = ['DELETE', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

it('[sig-network] Proxy version v1 A set of valid responses are returned for both pod and service Proxy [Conformance]', async () => {
  for (const path of await startEcho('echo')) {
    for (const method of writing) {
      const { code, text } = await world.client.raw(method, `${path}?method=${method}`);
      assert.equal(code, 200);
      assert.deepEqual(JSON.parse(text), { method, path: `/?method=${method}`, body: '' });
    }
    for (const method of ['GET', 'HEAD']) {
      await assert.rejects(world.client.raw(method, `${path}?method=${method}`), { code: 301 });
    }
  }
});

it('[sig-network] Proxy version v1 A set of valid responses are returned for both pod and service ProxyWithPath [Conformance]', async () => {
  for (const path of await startEcho('echo-path')) {
    for (const method of ['GET', ...writing]) {
      const { code, text } = await world.client.raw(method, `${path}/some/path/with/${method}`);
      assert.equal(code, 200);
      assert.deepEqual(JSON.parse(text), { method, path: `/some/path/with/${method}`, body: '' });
    }
    assert.equal((await world.client.raw('HEAD', `${path}/some/path/with/HEAD`)).code, 200);
  }
});

/** Two plain servers and two with TLS, each with a word of its own. */
const fourServers = `
  const words = { 1080: "foo", 1081: "bar" };
  for (const [port, word] of Object.entries(words))
    require("http").createServer((request, response) => response.end(word)).listen(port);
  const key = Buffer.from(process.env.KEY, "base64"), cert = Buffer.from(process.env.CERTIFICATE, "base64");
  for (const [port, word] of [[1443, "tls baz"], [1444, "tls qux"]])
    require("https").createServer({ key, cert }, (request, response) => response.end(word)).listen(port);`;

it('[sig-network] Proxy version v1 should proxy through a service and a pod [Conformance]', async () => {
  const pair = await issueCertificate(await createAuthority('proxied'), { commonName: 'proxied', usages: ['server'] });
  const env = [
    { name: 'KEY', value: Buffer.from(pair.key).toString('base64') },
    { name: 'CERTIFICATE', value: Buffer.from(pair.certificate).toString('base64') },
  ];
  const ports = [1080, 1081, 1443, 1444].map((containerPort, i) => ({ name: `dest${i}`, containerPort }));
  const pod = await world.startPod(namespace, nodePod('proxied', fourServers, { container: { env, ports } }));
  const spec = {
    selector: { name: 'proxied' },
    ports: [
      { name: 'portname1', port: 80, targetPort: 'dest0' },
      { name: 'portname2', port: 81, targetPort: 1081 },
      { name: 'tlsportname1', port: 443, targetPort: 'dest2' },
      { name: 'tlsportname2', port: 444, targetPort: 1444 },
    ],
  };
  await world.post(`${root}/services`, { metadata: { name: 'proxied' }, spec });
  const service = (name: string) => `${root}/services/${name}/proxy/`;
  const ofPod = (name: string) => `${podsOf(namespace)}/${name.replace('POD', nameOf(pod))}/proxy/`;
  for (const [path, word] of [
    [service('proxied:portname1'), 'foo'],
    [service('http:proxied:portname1'), 'foo'],
    [service('proxied:80'), 'foo'],
    [service('proxied:portname2'), 'bar'],
    [service('http:proxied:81'), 'bar'],
    [service('https:proxied:tlsportname1'), 'tls baz'],
    [service('https:proxied:443'), 'tls baz'],
    [service('https:proxied:tlsportname2'), 'tls qux'],
    [ofPod('POD:1080'), 'foo'],
    [ofPod('http:POD:1080'), 'foo'],
    [ofPod('POD:1081'), 'bar'],
    [ofPod('https:POD:1443'), 'tls baz'],
    [ofPod('https:POD:1444'), 'tls qux'],
  ] as const) {
    await eventually(`${path} answers`, async () => (await world.client.raw('GET', path)).text === word);
  }
});
