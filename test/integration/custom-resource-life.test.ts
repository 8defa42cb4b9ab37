/** What the cluster does with custom resources: owners, quota, roles, namespaces that go, and who judges their writes. */

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { isForbidden, StatusError } from '../../api/status-error.ts';
import { silentLogger } from '../../base/logger.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { ApiUser, at, type Json, nameOf } from '../conformance/api-user.ts';
import { AdmissionWebhook, patchOf } from '../support/admission-webhook.ts';
import { EtcdCluster } from '../support/etcd-cluster.ts';
import { eventually } from '../support/eventually.ts';
import { Widgets } from '../support/widget-definitions.ts';

const controllers = [
  ...['garbage-collector-controller', 'namespace-controller', 'resourcequota-controller'],
  'clusterrole-aggregation-controller',
];
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const registration = '/apis/admissionregistration.k8s.io/v1';

describe('the life of custom resources', () => {
  let cluster: EtcdCluster;
  let user: ApiUser;
  let hook: AdmissionWebhook;
  let widgets: Widgets;
  let owners: Widgets;
  let namespace: string;

  before(async () => {
    cluster = await EtcdCluster.start({ controllers });
    hook = await AdmissionWebhook.start();
    user = cluster.user();
    widgets = await Widgets.define(user);
    owners = await Widgets.define(user, { spec: { scope: 'Cluster' } });
  });
  after(async () => {
    await cluster.stop();
    await hook.stop();
  });
  beforeEach(async () => {
    namespace = await user.namespace();
    await user.patch(`/api/v1/namespaces/${namespace}`, { metadata: { labels: { of: namespace } } });
  });

  const all = () => widgets.path(namespace);
  const create = (name: string, rest: Json = {}) => user.post(all(), widgets.widget(name, rest));
  const ownedBy = (owner: Json, more: Json = {}): Json => {
    const { apiVersion, kind } = owner;
    const reference = { apiVersion, kind, name: nameOf(owner), uid: at(owner, 'metadata.uid'), ...more };
    return { metadata: { ownerReferences: [reference] } };
  };
  const isThere = (path: string) =>
    user.get(path).then(
      () => true,
      () => false,
    );
  const isRefused = (asked: Promise<unknown>, code: number, why: RegExp): Promise<true> =>
    assert
      .rejects(asked, (error) => error instanceof StatusError && error.code === code && why.test(error.message))
      .then(() => true);

  describe('with owners', () => {
    it('go in the background after an owner of a custom kind, also one of no namespace', async () => {
      const owner = await user.post(owners.path(), owners.widget(namespace));
      await create('owned', ownedBy(owner));
      await create('free');
      const metadata = { name: 'owned', ...(ownedBy(owner).metadata as Json) };
      await user.post(`/api/v1/namespaces/${namespace}/configmaps`, { metadata });
      await user.delete(`${owners.path()}/${namespace}`);
      await user.isGone(`${all()}/owned`);
      await user.isGone(`/api/v1/namespaces/${namespace}/configmaps/owned`);
      assert.ok(await isThere(`${all()}/free`));
    });

    it('go before their owner in the foreground, those first that block it', async () => {
      const owner = await create('owner');
      const held = {
        metadata: {
          ...(ownedBy(owner, { blockOwnerDeletion: true }).metadata as Json),
          finalizers: ['example.com/hold'],
        },
      };
      await create('held', held);
      await user.delete(`${all()}/owner`, { propagationPolicy: 'Foreground' });
      await eventually(
        'the dependent is to go',
        async () => at(await user.get(`${all()}/held`), 'metadata.deletionTimestamp') !== undefined,
      );
      assert.deepEqual(at(await user.get(`${all()}/owner`), 'metadata.finalizers'), ['foregroundDeletion']);
      await user.patch(`${all()}/held`, { metadata: { finalizers: null } });
      await user.isGone(`${all()}/owner`);
    });

    it('stay without their owner when it leaves orphans', async () => {
      const owner = await create('owner');
      await create('orphan', ownedBy(owner));
      await user.delete(`${all()}/owner`, { propagationPolicy: 'Orphan' });
      await user.isGone(`${all()}/owner`);
      assert.equal(at(await user.get(`${all()}/orphan`), 'metadata.ownerReferences'), undefined);
    });
  });

  it('count against a quota of their own', async () => {
    const count = `count/${widgets.name}`;
    await create('before');
    const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
    await user.post(quotas, { metadata: { name: 'q' }, spec: { hard: { [count]: '2' } } });
    const used = (amount: string) =>
      eventually(`${amount} are used`, async () => {
        const amounts = at(await user.get(`${quotas}/q`), 'status.used') as Json | undefined;
        return amounts?.[count] === amount;
      });
    await used('1');
    await create('b');
    await isRefused(
      create('c'),
      403,
      /exceeded quota: q, requested: count\/widgets\.\S+=1, used: \S+=2, limited: \S+=2/,
    );
    await user.delete(`${all()}/b`);
    await used('1');
    await create('c');
  });

  it('are allowed by roles, also by those that are added to the cluster’s own', async () => {
    const connection = await cluster.server().connectAs('jane');
    const client = createRestClient(connection, { userAgent: 'jane', logger: silentLogger });
    const jane = new ApiUser(client);
    const binding = { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' } };
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }];
    await user.post(`${rbac}/namespaces/${namespace}/rolebindings`, {
      metadata: { name: 'jane' },
      ...binding,
      subjects,
    });
    await assert.rejects(jane.get(all()), isForbidden);
    await user.post(`${rbac}/clusterroles`, {
      metadata: { name: `see-${namespace}`, labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
      rules: [{ apiGroups: [widgets.group], resources: ['widgets'], verbs: ['get', 'list', 'watch'] }],
    });
    await eventually('jane sees widgets', () => jane.get(all()));
    await assert.rejects(jane.post(all(), widgets.widget('x')), isForbidden);
    await assert.rejects(jane.get(`${all()}/x/status`), isForbidden);
    await client.close();
  });

  it('go with their namespace, which waits for their finalizers and says so', async () => {
    await create('held', { metadata: { finalizers: ['example.com/hold'] } });
    await create('free');
    const path = `/api/v1/namespaces/${namespace}`;
    await user.delete(path);
    await eventually('the namespace says what is left', async () => {
      const conditions = at(await user.get(path), 'status.conditions') as Json[] | undefined;
      const text = JSON.stringify(conditions ?? []);
      return (
        text.includes(`${widgets.name} has 1 resource instances`) && text.includes('example.com/hold in 1 resource')
      );
    });
    assert.ok(!(await isThere(`${all()}/free`)));
    await isRefused(create('late'), 403, /because it is being terminated/);
    await user.patch(`${all()}/held`, { metadata: { finalizers: null } });
    await user.isGone(path);
  });

  describe('whose writes are judged', () => {
    const selector = () => ({ matchLabels: { of: namespace } });
    const rules = (operations: string[], ...resources: string[]) => ({
      ...{ apiGroups: [widgets.group], apiVersions: ['*'], operations, resources },
    });

    it('are refused and changed by policies, of which the types are checked by their schema', async () => {
      const strict = await Widgets.define(user, {
        schema: {
          type: 'object',
          properties: { spec: { type: 'object', properties: { size: { type: 'integer' }, team: { type: 'string' } } } },
        },
        version: { subresources: { scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } } },
      });
      const resourceRules = [{ ...rules(['CREATE', 'UPDATE'], 'widgets', 'widgets/scale'), apiGroups: [strict.group] }];
      const matchResources = { namespaceSelector: selector() };
      for (const [type, spec, more] of [
        [
          'validating',
          {
            validations: [
              {
                expression: 'has(request.subResource) ? object.spec.replicas < 5 : object.spec.size < 5',
                message: 'too large',
              },
            ],
          },
          { validationActions: ['Deny'] },
        ],
        [
          'mutating',
          {
            reinvocationPolicy: 'Never',
            matchConditions: [{ name: 'whole', expression: '!has(request.subResource)' }],
            mutations: [
              {
                patchType: 'ApplyConfiguration',
                applyConfiguration: { expression: "Object{spec: Object.spec{team: 'a'}}" },
              },
            ],
          },
          {},
        ],
      ] as const) {
        const name = `${type}-${namespace}`;
        const path = `${registration}/${type}admissionpolicies`;
        await user.post(path, { metadata: { name }, spec: { matchConstraints: { resourceRules }, ...spec } });
        await user.post(`${registration}/${type}admissionpolicybindings`, {
          ...{ metadata: { name }, spec: { policyName: name, matchResources, ...more } },
        });
      }
      const mine = strict.path(namespace);
      const made = await eventually('the policy changes it', async () => {
        const one = await user.post(mine, {
          ...strict.widget('', { spec: { size: 1 } }),
          metadata: { generateName: 'a-' },
        });
        return at(one, 'spec.team') === 'a' && one;
      });
      await eventually('a large one is refused', () =>
        isRefused(user.post(mine, strict.widget('b', { spec: { size: 9 } })), 422, /denied request: too large/),
      );
      await isRefused(user.patch(`${mine}/${nameOf(made)}/scale`, { spec: { replicas: 9 } }), 422, /too large/);
      await user.patch(`${mine}/${nameOf(made)}/scale`, { spec: { replicas: 4 } });
    });

    it('are changed by webhooks, and then judged by their schema', async () => {
      const spec: Json = {
        type: 'object',
        properties: {
          size: { type: 'integer', maximum: 5 },
          wish: { 'x-kubernetes-preserve-unknown-fields': true },
          note: { type: 'string', default: 'none' },
        },
      };
      const typed = await Widgets.define(user, { schema: { type: 'object', properties: { spec } } });
      hook.on('/size', ({ request: { object } }) =>
        patchOf([{ op: 'add', path: '/spec/size', value: object.spec.wish }]),
      );
      const configuration = {
        name: 'size.example.com',
        clientConfig: { url: `${hook.url}/size`, caBundle: hook.caBundle },
        ...{ admissionReviewVersions: ['v1'], sideEffects: 'None', namespaceSelector: selector() },
        rules: [{ ...rules(['CREATE'], 'widgets'), apiGroups: [typed.group] }],
      };
      const path = `${registration}/mutatingwebhookconfigurations`;
      await user.post(path, { metadata: { name: namespace }, webhooks: [configuration] });
      const make = (wish: unknown) => user.post(typed.path(namespace), typed.widget('a', { spec: { wish } }));
      await eventually('the webhook is asked', () =>
        isRefused(make(9), 422, /spec.size: Invalid value: 9: spec.size in body should be less than or equal to 5/),
      );
      await isRefused(make('x'), 422, /spec.size: Invalid value: "string": spec.size in body must be of type integer/);
      assert.deepEqual((await make(3)).spec, { wish: 3, size: 3, note: 'none' });
      assert.deepEqual(hook.reviews.at(-1)?.request.object.spec, { wish: 3, note: 'none' });
      await user.delete(`${path}/${namespace}`);
    });
  });
});
