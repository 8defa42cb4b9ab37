/** What programs of policies do to real packets, in a network of namespaces. Needs root and nft. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { NetworkPolicy, NetworkPolicySpec } from '../../api/types/networking/v1.ts';
import { silentLogger } from '../../base/logger.ts';
import { NftTable } from '../../proxy/nftables/nft-table.ts';
import { policyBaseChains } from '../../proxy/policies/policy-program.ts';
import { dnsAddress, podOf, policyOf, programOf } from '../../proxy/policies/testing/policy-worlds.ts';
import { ProgramError, type RunProgram, runProgram } from '../../proxy/program.ts';
import type { Rules } from '../../proxy/services/rules.ts';
import { clientIp, clusterCidr, LineProgram, NetworkLab, nodeIp, podIp } from '../support/network-lab.ts';
import type { PeerRequest } from '../support/network-peer.ts';
import { serviceRule } from '../support/service-rule.ts';

const peerProgram = new URL('../support/network-peer.ts', import.meta.url).pathname;
const pods = 3;
const port = 8080;
const otherPort = 8081;
const clusterIp = '10.96.0.50';
const nodePort = 30080;
const nodeNetworks = ['10.244.1.0/24'];

describe('policies and packets', () => {
  let lab: NetworkLab;
  let node: LineProgram;
  let client: LineProgram;
  let table: NftTable;
  const pod: LineProgram[] = [];

  const startPeer = (namespace: string) => new LineProgram(lab.startProgram(namespace, peerProgram));
  const ask = (peer: LineProgram | undefined, request: PeerRequest) => peer?.ask(request);
  const run: RunProgram = (argv, input) => runProgram(['ip', 'netns', 'exec', lab.node, ...argv], input);
  const tableOf = () =>
    new NftTable({
      table: 'longshore-policies',
      clusterId: 'test',
      baseChains: policyBaseChains,
      logger: silentLogger,
      run,
    });

  /** Pods 1 to 3 have the label `app: pod1` and so on. */
  async function enforce(...specs: NetworkPolicySpec[]): Promise<void> {
    await enforceOn([1, 2, 3], specs);
  }

  async function enforceOn(known: readonly number[], specs: readonly NetworkPolicySpec[]): Promise<void> {
    const policies = specs.map((spec, i): NetworkPolicy => policyOf(`p${i}`, spec));
    const world = {
      policies,
      pods: known.map((i) =>
        podOf({ address: podIp(i), labels: { app: `pod${i}` }, ports: [{ name: 'web', containerPort: port }] }),
      ),
      namespaces: new Map([
        ['x', {}],
        ['kube-system', { 'kubernetes.io/metadata.name': 'kube-system' }],
      ]),
    };
    await table.apply(programOf(world, { nodeNetworks, dnsAddresses: [dnsAddress] }));
  }

  const all = {};
  const app = (index: number) => ({ matchLabels: { app: `pod${index}` } });
  const refused = ['ABORT_ERR'];
  const name = (answers: unknown) =>
    Array.isArray(answers) ? answers.map((one) => String(one).split(' ')[0]) : answers;
  const call = async (
    from: LineProgram | undefined,
    address: string,
    { at = port, protocol = 'tcp' as 'tcp' | 'udp', times = 1 } = {},
  ) => name(await ask(from, { do: 'call', protocol, address, port: at, times }));

  const ping = (address: string) => lab.run(lab.pod(1), 'busybox', 'ping', '-c1', '-W2', address);
  /** By a Service, twice: who answered. */
  const callBoth = async (from: LineProgram | undefined, address: string, at: number) =>
    [await call(from, address, { at, times: 2 })].flat().sort();

  before(async () => {
    lab = await NetworkLab.start(pods);
    table = tableOf();
    node = startPeer(lab.node);
    client = startPeer(lab.client);
    await run(['ip', 'address', 'add', `${dnsAddress}/32`, 'dev', 'lo']);
    assert.equal(await ask(node, { do: 'serve', name: 'node', port: 53 }), 'serving');
    for (let index = 1; index <= pods; index++) {
      const peer = startPeer(lab.pod(index));
      pod.push(peer);
      for (const at of [port, otherPort]) {
        assert.equal(await ask(peer, { do: 'serve', name: `pod${index}`, port: at }), 'serving');
      }
    }
    const services = [
      serviceRule(
        [1, 2].map((i) => ({ address: podIp(i), port })),
        { clusterIp, nodePort },
      ),
    ];
    const rules: Rules = { services, localAddresses: [1, 2, 3].map(podIp), ownAddresses: [dnsAddress] };
    assert.equal(await ask(node, { do: 'apply', mode: 'nftables', clusterCidr, rules }), 'applied');
  });
  after(async () => {
    await lab.stop();
    pod.length = 0;
  });

  it('deny all of what comes in, but for what the pod’s own node sends', async () => {
    await enforce({ podSelector: app(2) });
    assert.deepEqual(await call(pod[0], podIp(2)), refused);
    assert.deepEqual(await call(pod[0], podIp(2), { protocol: 'udp' }), refused);
    assert.deepEqual(await call(client, podIp(2)), refused);
    assert.deepEqual(await call(node, podIp(2)), ['pod2']);
    assert.deepEqual(await call(pod[0], podIp(3)), ['pod3'], 'a pod that is not selected');
    assert.deepEqual(await call(pod[1], podIp(3)), ['pod3'], 'what goes out');
    await ping(podIp(3));
    await assert.rejects(ping(podIp(2)), ProgramError);
  });

  it('let in pods by selectors, blocks with exceptions, ports by number, name and range', async () => {
    await enforce({ podSelector: app(2), ingress: [{ from: [{ podSelector: app(1) }], ports: [{ port: 'web' }] }] });
    assert.deepEqual(await call(pod[0], podIp(2)), ['pod2']);
    assert.deepEqual(await call(pod[0], podIp(2), { at: otherPort }), refused);
    assert.deepEqual(await call(pod[0], podIp(2), { protocol: 'udp' }), refused);
    assert.deepEqual(await call(pod[2], podIp(2)), refused);
    await enforce({ podSelector: app(2), ingress: [{ ports: [{ port: 8000, endPort: 8080 }, { protocol: 'UDP' }] }] });
    assert.deepEqual(await call(pod[2], podIp(2)), ['pod2']);
    assert.deepEqual(await call(pod[2], podIp(2), { at: otherPort }), refused);
    assert.deepEqual(await call(pod[2], podIp(2), { at: otherPort, protocol: 'udp' }), ['pod2']);
    const ipBlock = { cidr: '10.244.0.0/16', except: [`${podIp(3)}/32`] };
    await enforce({ podSelector: app(2), ingress: [{ from: [{ ipBlock }] }] });
    assert.deepEqual(await call(pod[0], podIp(2)), ['pod2']);
    assert.deepEqual(await call(pod[2], podIp(2)), refused);
    await ping(podIp(2));
  });

  it('judge what goes out', async () => {
    await enforce({ podSelector: app(1), policyTypes: ['Egress'], egress: [{ to: [{ podSelector: app(2) }] }] });
    assert.deepEqual(await call(pod[0], podIp(2)), ['pod2']);
    assert.deepEqual(await call(pod[0], podIp(3)), refused);
    assert.deepEqual(await call(pod[0], nodeIp, { at: 53 }), ['node'], 'its own node');
    assert.deepEqual(await call(pod[1], podIp(1)), ['pod1'], 'what comes in, and its answers');
  });

  it('judge the pod behind a Service by who asked, whichever way', async () => {
    await enforce(
      { podSelector: app(1), ingress: [{ from: [{ podSelector: app(3) }] }] },
      { podSelector: app(2), ingress: [{ from: [{ podSelector: app(3) }] }] },
    );
    assert.deepEqual(await callBoth(pod[2], clusterIp, 80), ['pod1', 'pod2']);
    assert.deepEqual(await callBoth(pod[2], nodeIp, nodePort), ['pod1', 'pod2']);
    assert.deepEqual(await call(client, nodeIp, { at: nodePort }), refused);
    const ipBlock = { cidr: `${clientIp}/32` };
    await enforce(...[1, 2].map((i) => ({ podSelector: app(i), ingress: [{ from: [{ ipBlock }] }] })));
    assert.deepEqual(await callBoth(client, nodeIp, nodePort), ['pod1', 'pod2']);
    await enforce({ podSelector: all, policyTypes: ['Ingress', 'Egress'] });
    // What was dropped is sent again, and may find the other pod then.
    const own = await callBoth(pod[0], clusterIp, 80);
    assert.ok(own.includes('pod1') && !own.includes('pod2'), `itself by its Service alone: ${own}`);
  });

  it('cut connections that a new policy forbids, and let them go on when it is gone', async () => {
    await enforce();
    assert.equal(await ask(pod[0], { do: 'open', id: 'c', address: podIp(2), port }), 'open');
    assert.match(String(await ask(pod[0], { do: 'talk', id: 'c' })), /^pod2 /);
    assert.deepEqual(await call(pod[0], podIp(2), { protocol: 'udp' }), ['pod2']);
    await enforce({ podSelector: app(2) });
    assert.notEqual(await ask(pod[0], { do: 'talk', id: 'c' }), 'pod2');
    assert.deepEqual(await call(pod[0], podIp(2), { protocol: 'udp' }), refused, 'a flow that the kernel knows');
    await enforce({ podSelector: app(2), ingress: [{}] });
    assert.deepEqual(await call(pod[0], podIp(2)), ['pod2']);
    assert.deepEqual(await call(pod[0], podIp(2), { protocol: 'udp' }), ['pod2']);
  });

  it('stop what a server goes on to send over a connection that was forbidden', async () => {
    await enforce();
    assert.equal(await ask(pod[0], { do: 'open', id: 'stream', address: podIp(2), port }), 'open');
    const received = async () => Number(await ask(pod[0], { do: 'follow', id: 'stream' }));
    assert.ok((await received()) > 0);
    await enforce({ podSelector: app(1), policyTypes: ['Egress'] });
    await received(); // what was on its way
    assert.equal(await received(), 0);
  });

  it('let pods ask the DNS of the node when a rule means the cluster’s DNS', async () => {
    const dns = (from: LineProgram | undefined, protocol: 'tcp' | 'udp') =>
      call(from, dnsAddress, { at: 53, protocol });
    await enforce({ podSelector: app(1), policyTypes: ['Egress'] });
    assert.deepEqual([await dns(pod[0], 'udp'), await dns(pod[0], 'tcp')], [refused, refused]);
    assert.deepEqual(await dns(pod[1], 'udp'), ['node']);
    const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } };
    const podSelector = { matchLabels: { 'k8s-app': 'kube-dns' } };
    for (const egress of [
      { to: [{ namespaceSelector, podSelector }], ports: [{ protocol: 'UDP', port: 53 }] },
      { to: [{ namespaceSelector }], ports: [{ protocol: 'UDP', port: 'dns' }] },
      { ports: [{ protocol: 'UDP', port: 53 }] },
      { to: [{ ipBlock: { cidr: `${dnsAddress}/32` } }], ports: [{ protocol: 'UDP', port: 53 }] },
    ]) {
      await enforce({ podSelector: app(1), policyTypes: ['Egress'], egress: [egress] });
      assert.deepEqual(
        [await dns(pod[0], 'udp'), await dns(pod[0], 'tcp')],
        [['node'], refused],
        JSON.stringify(egress),
      );
    }
  });

  it('keep an address of the node out until it is known whose it is', async () => {
    await enforceOn([1, 2], [{ podSelector: app(1), ingress: [{}] }]);
    assert.deepEqual(await call(pod[2], podIp(2)), refused);
    assert.deepEqual(await call(pod[1], podIp(3)), refused);
    assert.deepEqual(await call(pod[2], dnsAddress, { at: 53, protocol: 'udp' }), refused);
    assert.deepEqual(await call(node, podIp(3)), ['pod3']);
    await enforce({ podSelector: app(1), ingress: [{}] });
    assert.deepEqual(await call(pod[2], podIp(2)), ['pod2']);
  });

  it('are taken over as they are by the next proxy, and change by differences only', async () => {
    await enforce({ podSelector: app(2) });
    table = tableOf();
    await enforce({ podSelector: app(2) });
    assert.deepEqual(await call(pod[0], podIp(2)), refused);
    const sent: string[] = [];
    const watched = new NftTable({
      ...{ table: 'longshore-policies', clusterId: 'test', baseChains: policyBaseChains, logger: silentLogger },
      run: (argv, input = '') => {
        sent.push(input);
        return run(argv, input);
      },
    });
    table = watched;
    const spec = {
      podSelector: app(2),
      ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } }] }],
    };
    await enforceOn([1, 2], [spec]);
    sent.length = 0;
    await enforceOn([1, 2, 3], [spec]);
    assert.match(sent.join(''), /^(add element ip longshore-policies \S+ \{ 10\.244\.1\.13 \}\n){2}$/);
    await table.remove();
    assert.doesNotMatch(await run(['nft', 'list', 'tables']), /policies/);
  });
});
