/** Both ways of making rules so, each in a network of namespaces with real servers and clients. Needs root and nft. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Endpoint } from '../../api/endpoint-choice.ts';
import type { Rules, ServiceRule } from '../../proxy/services/rules.ts';
import { clientIp, clusterCidr, LineProgram, NetworkLab, nodeIp, podIp } from '../support/network-lab.ts';
import type { PeerRequest } from '../support/network-peer.ts';
import { serviceRule } from '../support/service-rule.ts';

const peerProgram = new URL('../support/network-peer.ts', import.meta.url).pathname;
const pods = 3;
const port = 8080;
const clusterIp = '10.96.0.50';
const nodePort = 30080;

const endpoints = (...indexes: number[]): Endpoint[] => indexes.map((index) => ({ address: podIp(index), port }));

function ruleOf(reached: readonly Endpoint[], more: Partial<ServiceRule> = {}): ServiceRule {
  return serviceRule(reached, { name: `shop/web:${more.protocol ?? 'TCP'}`, clusterIp, nodePort, ...more });
}

for (const mode of ['nftables', 'userspace'] as const) {
  describe(`Services in ${mode} mode`, () => {
    let lab: NetworkLab;
    let node: LineProgram;
    let client: LineProgram;
    const pod: LineProgram[] = [];

    const startPeer = (namespace: string) => new LineProgram(lab.startProgram(namespace, peerProgram));
    const ask = (peer: LineProgram | undefined, request: PeerRequest) => peer?.ask(request);
    const apply = async (...services: ServiceRule[]) => {
      const rules: Rules = { services, localAddresses: endpoints(1, 2, 3).map(({ address }) => address) };
      assert.equal(await ask(node, { do: 'apply', mode, clusterCidr, rules }), 'applied');
    };
    const call = async (
      from: LineProgram | undefined,
      address: string,
      { times = 6, at = 80, protocol = 'tcp' as 'tcp' | 'udp' } = {},
    ): Promise<string[]> => (await ask(from, { do: 'call', protocol, address, port: at, times })) as string[];
    const names = (answers: readonly string[]) => answers.map((answer) => answer.split(' ')[0]);

    before(async () => {
      lab = await NetworkLab.start(pods);
      node = startPeer(lab.node);
      client = startPeer(lab.client);
      for (let index = 1; index <= pods; index++) {
        const peer = startPeer(lab.pod(index));
        pod.push(peer);
        assert.equal(await ask(peer, { do: 'serve', name: `pod${index}`, port }), 'serving');
      }
    });
    after(async () => {
      await lab.stop();
      pod.length = 0;
    });

    it('takes endpoints strictly in turn', async () => {
      await apply(ruleOf(endpoints(2, 3)));
      assert.deepEqual(names(await call(pod[0], clusterIp)), ['pod2', 'pod3', 'pod2', 'pod3', 'pod2', 'pod3']);
    });

    it('lets a pod reach itself', async () => {
      await apply(ruleOf(endpoints(1)));
      assert.deepEqual(names(await call(pod[0], clusterIp, { times: 3 })), ['pod1', 'pod1', 'pod1']);
    });

    it('answers on a node port to the outside, to the host by its own address, and on localhost', async () => {
      await apply(ruleOf(endpoints(1, 2)));
      for (const [from, address] of [
        [client, nodeIp],
        [node, nodeIp],
        [node, '127.0.0.1'],
        [node, clusterIp],
      ] as const) {
        const at = address === clusterIp ? 80 : nodePort;
        const answers = names(await call(from, address, { at, times: 4 }));
        assert.deepEqual([...answers].sort(), ['pod1', 'pod1', 'pod2', 'pod2'], `from ${address}`);
      }
    });

    it('refuses a service without endpoints and ports that it does not have', async () => {
      await apply(ruleOf([]));
      for (const from of [pod[0], node]) {
        assert.deepEqual(await call(from, clusterIp, { times: 1 }), ['ECONNREFUSED']);
        assert.deepEqual(await call(from, clusterIp, { times: 1, at: 81 }), ['ECONNREFUSED']);
      }
      assert.deepEqual(await call(client, nodeIp, { times: 1, at: nodePort }), ['ECONNREFUSED']);
    });

    it('carries UDP, and moves a client on when its endpoint is gone', async () => {
      const udp = { protocol: 'UDP', port: 53, nodePort: undefined } as const;
      await apply(ruleOf(endpoints(2), udp));
      assert.deepEqual(names(await call(pod[0], clusterIp, { protocol: 'udp', at: 53, times: 2 })), ['pod2', 'pod2']);
      await apply(ruleOf(endpoints(3), udp));
      assert.deepEqual(names(await call(pod[0], clusterIp, { protocol: 'udp', at: 53, times: 2 })), ['pod3', 'pod3']);
    });

    it('keeps a client with its endpoint where the service asks for it', async () => {
      await apply(ruleOf(endpoints(1, 2, 3), { affinitySeconds: 60 }));
      const first = names(await call(client, nodeIp, { at: nodePort, times: 4 }));
      assert.equal(new Set(first).size, 1);
      await apply(
        ruleOf(endpoints(1, 2, 3), { affinitySeconds: 60 }),
        ruleOf(endpoints(1), { name: 'shop/other:', clusterIp: '10.96.0.51', nodePort: undefined }),
      );
      assert.deepEqual(names(await call(client, nodeIp, { at: nodePort, times: 2 })), [first[0], first[0]]);
    });

    it('breaks no established connection when endpoints or the service go', async () => {
      await apply(ruleOf(endpoints(1, 2)));
      for (const id of ['a', 'b'])
        assert.equal(await ask(client, { do: 'open', id, address: nodeIp, port: nodePort }), 'open');
      // The kernel says that a connection is open before the proxy has taken it on to an endpoint.
      for (const id of ['a', 'b']) assert.match(String(await ask(client, { do: 'talk', id })), /^pod[12] /);
      for (const services of [[ruleOf(endpoints(3))], [ruleOf([])], []]) {
        await apply(...services);
        for (const id of ['a', 'b']) assert.match(String(await ask(client, { do: 'talk', id })), /^pod[12] /);
      }
    });

    it('forgets what is not in the rules any more', async () => {
      await apply(ruleOf(endpoints(1)));
      await apply();
      assert.deepEqual(await call(client, nodeIp, { at: nodePort, times: 1 }), ['ECONNREFUSED']);
    });

    if (mode === 'nftables') {
      it('keeps the sender of traffic inside the cluster, replaces it for traffic from outside', async () => {
        await apply(ruleOf(endpoints(2)));
        assert.deepEqual(await call(pod[0], clusterIp, { times: 1 }), [`pod2 ${podIp(1)}`]);
        assert.deepEqual(await call(client, nodeIp, { at: nodePort, times: 1 }), ['pod2 10.244.1.1']);
        const local = ruleOf(endpoints(2), { externalLocal: true });
        await apply(local);
        assert.deepEqual(await call(client, nodeIp, { at: nodePort, times: 1 }), [`pod2 ${clientIp}`]);
      });

      it('drops outside traffic where only other nodes have endpoints and the policy is Local', async () => {
        await apply(ruleOf(endpoints(2), { externalLocal: true, external: [] }));
        assert.deepEqual(await call(client, nodeIp, { at: nodePort, times: 1 }), ['ABORT_ERR']);
        assert.deepEqual(names(await call(pod[0], nodeIp, { at: nodePort, times: 1 })), ['pod2']);
      });

      it('remembers which client stays with which endpoint over a restart', async () => {
        const sticky = (...indexes: number[]) => ruleOf(endpoints(...indexes), { affinitySeconds: 60 });
        await apply(sticky(1, 2, 3));
        const [before] = names(await call(client, nodeIp, { at: nodePort, times: 1 }));
        await node.kill('SIGKILL');
        node = startPeer(lab.node);
        await apply(sticky(1, 2, 3));
        assert.deepEqual(names(await call(client, nodeIp, { at: nodePort, times: 3 })), [before, before, before]);
      });

      it('goes on while no proxy runs, and a new one takes over without a gap', async () => {
        await apply(ruleOf(endpoints(1, 2)));
        assert.equal(await ask(client, { do: 'open', id: 'kept', address: nodeIp, port: nodePort }), 'open');
        await node.kill('SIGKILL');
        assert.equal(new Set(names(await call(client, nodeIp, { at: nodePort, times: 4 }))).size, 2);
        node = startPeer(lab.node);
        let over = false;
        const traffic = (async () => {
          const answers: string[] = [];
          while (!over) answers.push(...(await call(client, nodeIp, { at: nodePort, times: 20 })));
          return answers;
        })();
        await apply(ruleOf(endpoints(2, 3)));
        await apply(ruleOf(endpoints(1, 2, 3)));
        over = true;
        assert.deepEqual(
          [...new Set(names(await traffic))].filter((name) => !name?.startsWith('pod')),
          [],
        );
        assert.match(String(await ask(client, { do: 'talk', id: 'kept' })), /^pod[12] /);
        const table = await lab.run(lab.node, 'nft', 'list', 'table', 'ip', 'longshore');
        assert.equal(table.match(/chain svc-/g)?.length, 1);
      });
    }
  });
}
