/** Fair sharing through the real API server: its objects, what answers say of it, and what a flood gets. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { flowSchemas, priorityLevelConfigurations } from '../../api/resources/flowcontrol.ts';
import { clusterRoleBindings, clusterRoles } from '../../api/resources/rbac.ts';
import type { FlowSchema } from '../../api/types/flowcontrol/v1.ts';
import { GoldenConnection } from '../golden/golden-connection.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

describe('fair sharing', () => {
  let server: TestApiServer;
  let eve: GoldenConnection;
  before(async () => {
    server = await startTestApiServer();
    eve = new GoldenConnection(await server.connectAs('eve'));
    await server.client.create(clusterRoles, {
      metadata: { name: 'reader' },
      rules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }],
    });
    await server.client.create(clusterRoleBindings, {
      metadata: { name: 'eve' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
      subjects: [{ kind: 'User', name: 'eve', apiGroup: 'rbac.authorization.k8s.io' }],
    });
  });
  after(async () => {
    eve.close();
    await server.stop();
  });

  const ask = (path: string) => eve.request({ method: 'GET', path });
  const get = (name: string) => server.client.get(flowSchemas, { name });
  const flowsFor = (level: string): FlowSchema => ({
    metadata: { name: 'of-eve' },
    spec: {
      matchingPrecedence: 50,
      priorityLevelConfiguration: { name: level },
      rules: [
        {
          subjects: [{ kind: 'User', user: { name: 'eve' } }],
          resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }],
        },
      ],
    },
  });

  it('has the objects that every cluster has, and says whether their levels are there', async () => {
    const names = (await server.client.list(priorityLevelConfigurations)).items.map(({ metadata }) => metadata?.name);
    assert.deepEqual(names.sort(), [
      ...['catch-all', 'exempt', 'global-default', 'leader-election', 'node-high', 'system', 'workload-high'],
      'workload-low',
    ]);
    const schemas = (await server.client.list(flowSchemas)).items;
    assert.equal(schemas.length, 13);
    for (const { status, metadata } of schemas) {
      assert.deepEqual(
        status?.conditions?.map(({ type, status }) => [type, status]),
        [['Dangling', 'False']],
        metadata?.name,
      );
      assert.equal(metadata?.annotations?.['apf.kubernetes.io/autoupdate-spec'], 'true');
    }
  });

  it('says in each answer whose the request is, also when it is refused later', async () => {
    const schema = (await get('global-default')).metadata.uid;
    const level = (await server.client.get(priorityLevelConfigurations, { name: 'global-default' })).metadata.uid;
    for (const path of ['/api/v1/namespaces/default/pods', '/api/v1/namespaces/default/secrets', '/version']) {
      const { headers } = await ask(path);
      assert.equal(headers['x-kubernetes-pf-flowschema-uid'], schema);
      assert.equal(headers['x-kubernetes-pf-prioritylevel-uid'], level);
    }
  });

  it('follows what is written, and refuses what finds no seat with 429 and Retry-After', async () => {
    await server.client.create(priorityLevelConfigurations, {
      metadata: { name: 'none' },
      spec: { type: 'Limited', limited: { nominalConcurrencyShares: 0, limitResponse: { type: 'Reject' } } },
    });
    await server.client.create(flowSchemas, flowsFor('none'));
    const refused = await eventually('the refusal', async () => {
      const answer = await ask('/api/v1/namespaces/default/pods');
      assert.equal(answer.code, 429);
      return answer;
    });
    assert.equal(refused.headers['retry-after'], '1');
    assert.match(refused.text, /"reason": ?"TooManyRequests"/);
    assert.equal(refused.headers['x-kubernetes-pf-flowschema-uid'], (await get('of-eve')).metadata.uid);
    assert.equal((await ask('/version')).code, 200, 'its rules speak of resources only');
    const dump = await server.client.raw('GET', '/debug/api_priority_and_fairness/dump_priority_levels');
    assert.match(dump.text, /^none, 0, true, false, 0, 0, 0, [1-9]\d*, 0, 0$/m);
    const { text } = await server.client.raw('GET', '/metrics');
    const labels = 'flow_schema="of-eve",priority_level="none",reason="concurrency-limit"';
    assert.match(text, new RegExp(`apiserver_flowcontrol_rejected_requests_total\\{${labels}\\} [1-9]`));
    await server.client.delete(flowSchemas, { name: 'of-eve' });
    await eventually('an answer', async () => (await ask('/api/v1/namespaces/default/pods')).code === 200);
  });

  it('shows its queues and what waits in them to those who may', async () => {
    const { text } = await server.client.raw('GET', '/debug/api_priority_and_fairness/dump_queues');
    assert.equal(text.match(/^workload-low, \d+, 0, \d+, /gm)?.length, 128);
    const requests = await server.client.raw('GET', '/debug/api_priority_and_fairness/dump_requests');
    assert.match(requests.text, /^PriorityLevelName, FlowSchemaName, /);
    assert.equal((await ask('/debug/api_priority_and_fairness/dump_requests')).code, 403);
  });

  it('answers many at once, by many and by one', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask('/api/v1/namespaces/default/pods')));
    assert.deepEqual([...new Set(answers.map(({ code }) => code))], [200]);
    const { text } = await server.client.raw('GET', '/metrics');
    assert.match(text, /apiserver_flowcontrol_current_executing_seats\{priority_level="global-default"\} 0/);
  });
});
