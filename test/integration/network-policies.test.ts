/** What a proxy makes of policies in the API: what it watches, sends to nft and tells. The kernel is played. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { namespaces, nodes, pods } from '../../api/resources/core.ts';
import { networkPolicies } from '../../api/resources/networking.ts';
import type { Namespace, Node, Pod } from '../../api/types/core/v1.ts';
import type { NetworkPolicy } from '../../api/types/networking/v1.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { Metrics } from '../../base/metrics.ts';
import { createInformer } from '../../client/informer.ts';
import { PolicyKeeper } from '../../proxy/policies/policy-keeper.ts';
import { tellUnenforcedPolicies } from '../../proxy/policies/unenforced-policies.ts';
import { ProgramError, type RunProgram } from '../../proxy/program.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';
const nodeName = 'a';

describe('policies and the proxy', () => {
  let server: TestApiServer;
  const stopping = new AbortController();
  const running: Promise<unknown>[] = [];
  const sent: string[] = [];
  const told: string[] = [];
  const metrics = new Metrics();
  let hasTable = false;
  let failures = 0;

  /** Knows whether there is a table, and what changed it. */
  const run: RunProgram = async (argv, input = '') => {
    if (argv.includes('tables'))
      return JSON.stringify({ nftables: hasTable ? [{ table: { name: 't-policies' } }] : [] });
    if (argv.includes('-f')) {
      if (failures > 0) {
        failures -= 1;
        throw new ProgramError(argv, 1, 'the kernel is out of sorts');
      }
      sent.push(input);
      hasTable = !input.startsWith('delete table');
    }
    if (argv.includes('chain')) return '\t\tct state new drop\n';
    return argv.includes('table') ? JSON.stringify({ nftables: [] }) : '';
  };
  const sends = (what: string, text: RegExp) => eventually(what, () => sent.some((one) => text.test(one)));
  const tell = (reason: string, message: string, policy?: { readonly metadata: { readonly name: string } }) => {
    told.push(`${policy?.metadata.name ?? 'node'}: ${reason}: ${message}`);
  };
  const tells = (text: RegExp) => eventually(`${text}`, () => told.some((one) => text.test(one)));

  async function createPod(name: string, address: string): Promise<void> {
    const { client } = server;
    const spec = { nodeName, containers: [{ name: 'c', image: 'i' }] };
    await client.create<Pod>(pods, { metadata: { namespace, name, labels: { app: name } }, spec });
    const body = { status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }] } };
    await client.patch(pods, { namespace, name }, { type: 'merge', body }, { subresource: 'status' });
  }

  before(async () => {
    server = await startTestApiServer();
    const { client } = server;
    await client.create<Node>(nodes, {
      metadata: { name: nodeName },
      spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] },
    });
    const dependencies = { logger: silentLogger, clock: systemClock };
    const informers = {
      nodes: createInformer<Node>(client, nodes, dependencies),
      namespaces: createInformer<Namespace>(client, namespaces, { ...dependencies, metadataOnly: true }),
    };
    const keeper = new PolicyKeeper({
      client,
      ...informers,
      ...dependencies,
      nodeName,
      table: 't',
      run,
      metrics,
      tell,
    });
    keeper.useDns(['10.96.0.10']);
    const { signal } = stopping;
    running.push(informers.nodes.run(signal), informers.namespaces.run(signal), keeper.run('cluster', signal));
    running.push(tellUnenforcedPolicies({ client, nodeName, ...dependencies, tell }, signal));
  });
  after(async () => {
    stopping.abort();
    await Promise.all(running);
    await server.stop();
  });

  it('are nothing to the kernel while there are none', async () => {
    await createPod('web', '10.244.1.2');
    await eventually('it has looked', async () => /longshore_network_policies 0/.test(await metrics.text()));
    assert.deepEqual(sent, []);
  });

  it('are in force soon after one comes, again after the kernel refused it', async () => {
    failures = 1;
    await server.client.create<NetworkPolicy>(networkPolicies, {
      metadata: { namespace, name: 'deny' },
      spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress', 'Egress'] },
    });
    await sends('the pod is isolated', /add element ip t-policies ingress \{ 10\.244\.1\.2 : jump in-/);
    assert.match(sent.join(''), /dns-refused \{ 10\.96\.0\.10 \. 10\.244\.1\.2 \. tcp/);
    await tells(/^node: NetworkPolicyFailed: .*the kernel is out of sorts/);
    await eventually('it is counted', async () => /isolated_pods\{direction="ingress"\} 1/.test(await metrics.text()));
  });

  it('change elements when a pod comes', async () => {
    sent.length = 0;
    await createPod('other', '10.244.1.3');
    await sends('the address is known', /^add element ip t-policies known \{ 10\.244\.1\.3 \}\n$/);
  });

  it('leave no table when the last one goes', async () => {
    await server.client.delete(networkPolicies, { namespace, name: 'deny' });
    await sends('the table is deleted', /^delete table ip t-policies\n$/);
  });

  it('are told of where nobody enforces them', async () => {
    await tells(/^deny: NetworkPolicyNotEnforced: The proxy of node a does not enforce policies/);
  });
});
