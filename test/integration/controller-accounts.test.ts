/** Each controller works as an account of its own, with what a role gives that, and the controller manager with no more. */

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { subjectAccessReviews } from '../../api/resources/authorization.ts';
import { namespaces, nodes, persistentVolumeClaims, serviceAccounts } from '../../api/resources/core.ts';
import { clusterRoleBindings, clusterRoles, roleBindings } from '../../api/resources/rbac.ts';
import { isForbidden, isNotFound } from '../../api/status-error.ts';
import type { Namespace, Node, PersistentVolumeClaim } from '../../api/types/core/v1.ts';
import type { ClusterRole, ClusterRoleBinding, RoleBinding, Subject } from '../../api/types/rbac/v1.ts';
import { MemoryStore } from '../../apiserver/store/testing/memory-store.ts';
import { errorText } from '../../base/error-text.ts';
import { type Logger, silentLogger } from '../../base/logger.ts';
import { accountOf } from '../../controller-manager/controller-accounts.ts';
import { controllerNames, startControllerManager } from '../../controller-manager/controller-manager.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const managerUser = 'system:kube-controller-manager';

describe('accounts of controllers', () => {
  let server: TestApiServer;
  const closers: (() => Promise<unknown>)[] = [];

  before(async () => {
    server = await startTestApiServer();
  });
  after(async () => {
    await server.stop();
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  const optionsAs = async (user: string, logger = silentLogger) => ({
    connection: await server.connectAs(user),
    logger,
    leaderElect: true,
    identity: 'test',
  });

  /** What they were refused while they ran. */
  async function startManager(): Promise<string[]> {
    const refusals: string[] = [];
    const note = (_text: string, fields?: { readonly error?: unknown }) => {
      // Admission refuses too: nothing is made in a namespace that ends. Authorizers say who cannot what.
      if (isForbidden(fields?.error) && / cannot /.test(errorText(fields?.error)))
        refusals.push(errorText(fields?.error));
    };
    const logger: Logger = { ...silentLogger, debug: note, info: note, warn: note, error: note, child: () => logger };
    const manager = await startControllerManager(await optionsAs(managerUser, logger));
    closers.push(() => manager.stop());
    return refusals;
  }

  const ttlOf = async (name: string) =>
    (await server.client.get<Node>(nodes, { name })).metadata.annotations?.['node.alpha.kubernetes.io/ttl'];

  it('every controller has one that a default role is bound to', async () => {
    const bound = [
      ...(await server.client.list<ClusterRoleBinding>(clusterRoleBindings)).items,
      ...(await server.client.list<RoleBinding>(roleBindings)).items,
    ].flatMap(({ subjects = [] }) => subjects);
    const isAccount = (account: string) => (subject: Subject) =>
      subject.kind === 'ServiceAccount' && subject.namespace === 'kube-system' && subject.name === account;
    const without = controllerNames(await optionsAs(managerUser)).flatMap((controller) => {
      const account = accountOf(controller);
      return account === undefined || bound.some(isAccount(account)) ? [] : [`${controller} (account ${account})`];
    });
    assert.deepEqual(without, [], 'add a role in controller-roles.ts (upstream’s) or component-roles.ts (ours)');
  });

  it('they do the work of a controller manager that may do nothing but upstream’s role for it', async () => {
    const refusals = await startManager();
    await server.client.create<Namespace>(namespaces, { metadata: { name: 'short' } });
    await server.client.create<Node>(nodes, { metadata: { name: 'one' } });
    const metadata = { namespace: 'short', name: 'claim' };
    await server.client.create<PersistentVolumeClaim>(persistentVolumeClaims, {
      metadata,
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    await eventually('the default account', () =>
      server.client.get(serviceAccounts, { namespace: 'short', name: 'default' }),
    );
    await eventually('the TTL of the node', async () => (await ttlOf('one')) === '0');
    await server.client.delete(namespaces, { name: 'short' });
    await eventually('the namespace is gone', () =>
      server.client.get(namespaces, { name: 'short' }).then(() => false, isNotFound),
    );
    const { items } = await server.client.list(serviceAccounts, { namespace: 'kube-system' });
    const names = items.map(({ metadata: { name } }) => name);
    for (const name of [
      'namespace-controller',
      'pvc-protection-controller',
      'service-account-controller',
      'ttl-controller',
    ])
      assert.ok(names.includes(name), `${name} is missing: ${names}`);
    assert.deepEqual(refusals, []);
  });

  it('the controller manager itself may not do what its controllers do', async () => {
    const may = async (verb: string, resource: string, group = '') => {
      const { status } = await server.client.create(subjectAccessReviews, {
        spec: { user: managerUser, groups: ['system:authenticated'], resourceAttributes: { verb, resource, group } },
      });
      return status?.allowed === true;
    };
    const asked = ['delete nodes', 'create pods', 'delete namespaces', 'update configmaps', 'escalate clusterroles'];
    for (const one of asked) {
      const [verb = '', resource = ''] = one.split(' ');
      assert.equal(await may(verb, resource, verb === 'escalate' ? 'rbac.authorization.k8s.io' : ''), false, one);
    }
    assert.equal(await may('watch', 'pods'), true);
  });

  it('defaults of Longshore’s own that there are no more are deleted when an API server starts; others stay', async () => {
    const store = new MemoryStore();
    const earlier = await startTestApiServer({ store });
    closers.push(() => store.close());
    const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
    const stays = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' };
    const made: ClusterRoleBinding['metadata'][] = [
      { name: 'longshore:earlier', labels },
      { name: 'longshore:kept', labels, annotations: stays },
      { name: 'longshore:of-a-person' },
      { name: 'of-a-person', labels },
    ];
    for (const metadata of made)
      await earlier.client.create<ClusterRoleBinding>(clusterRoleBindings, { metadata: metadata ?? {}, roleRef });
    await earlier.client.create<ClusterRole>(clusterRoles, { metadata: { name: 'longshore:earlier', labels } });
    await earlier.stop();

    const later = await startTestApiServer({ store });
    closers.push(() => later.stop());
    const names = (await later.client.list(clusterRoleBindings)).items.map(({ metadata: { name } }) => name);
    assert.equal(names.includes('longshore:earlier'), false);
    for (const name of ['longshore:kept', 'longshore:of-a-person', 'of-a-person'])
      assert.ok(names.includes(name), name);
    await assert.rejects(later.client.get(clusterRoles, { name: 'longshore:earlier' }), isNotFound);
  });
});
