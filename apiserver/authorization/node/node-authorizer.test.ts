import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Action, Verdict } from '../authorizer.ts';
import { NodeAuthorizer, type Relations, type SharedCredentials } from './node-authorizer.ts';

const nodes = ['system:nodes', 'system:authenticated'];

/** Knows `kind namespace/name` of node `n1`; what is in `later` only once it has caught up. */
class KnownRelations implements Relations {
  isCurrent = true;
  caughtUp = 0;
  readonly #known: Set<string>;
  readonly #later: readonly string[];

  constructor(known: readonly string[], later: readonly string[] = []) {
    this.#known = new Set(known);
    this.#later = later;
  }

  isRelated(node: string, kind: string, namespace: string, name: string): boolean {
    return node === 'n1' && this.#known.has(`${kind} ${namespace}/${name}`);
  }

  namespacesOf(node: string): string[] {
    return node === 'n1' ? ['ns', 'team'] : [];
  }

  async catchUp(): Promise<void> {
    this.caughtUp += 1;
    this.isCurrent = true;
    for (const one of this.#later) this.#known.add(one);
  }
}

/** `verb group/plural/subresource namespace/name field=value` */
function action(text: string, user: Action['user'] = { name: 'system:node:n1', groups: nodes }): Action {
  const [verb = '', kind = '', path = '', ...selected] = text.split(' ');
  const [group = '', plural = '', subresource] = kind.split('/');
  const [namespace = '', name = ''] = path.split('/');
  const fields = selected.map((one) => {
    const [field = '', value = ''] = one.split(/!?=/);
    return { field, value, isNegated: one.includes('!=') };
  });
  const resource = { group, version: 'v1', plural, subresource, namespace, name, ...(fields.length > 0 && { fields }) };
  return { user, verb, path: '', resource };
}

/** For the namespace `team`. */
const shared: SharedCredentials = {
  isForOneOf: async (name, namespaces) => name === 'pull' && namespaces.includes('team'),
};

const yes: Verdict = { decision: 'allow' };
const no = (reason?: string): Verdict => ({ decision: 'noOpinion', ...(reason && { reason }) });
const unrelated = no("no relationship found between node 'n1' and this object");
const single = no('can only get individual resources of this type');
const ownLease = no('can only access node lease with the same name as the requesting node');
const ownCsiNode = no('can only access CSINode with the same name as the requesting node');
const slices = no('can only list/watch/deletecollection resourceslices with nodeName field selector');
const ownPods = no('can only list/watch pods with spec.nodeName field selector');
const token = no('can only create tokens for individual service accounts');

const known = [
  ...['secrets ns/s', 'configmaps ns/c', 'persistentvolumeclaims ns/c', 'persistentvolumes /v', 'resourceclaims ns/r'],
  ...['volumeattachments /v', 'serviceaccounts ns/robot', 'pods ns/p', 'resourceslices /x'],
];

const table: readonly (readonly [asked: string, verdict: Verdict])[] = [
  ['get /secrets ns/s', yes],
  ['list /secrets ns/s', yes],
  ['watch /secrets ns/s', yes],
  ['get /secrets ns/t', unrelated],
  ['get /secrets other/s', unrelated],
  ['list /secrets ns/', no('No Object name found')],
  ['list /secrets', no('can only read namespaced object of this type')],
  ['list /secrets /s', no('can only read namespaced object of this type')],
  ['update /secrets ns/s', no('can only read resources of this type')],
  ['create /secrets ns/', no('can only read resources of this type')],
  ['* /secrets ns/s', no('can only read resources of this type')],
  ['get /secrets/x ns/s', no('cannot read subresource')],
  ['get example.dev/secrets ns/s', no()],
  ['get /secrets kube-system/pull', yes],
  ['list /secrets kube-system/pull', unrelated],
  ['watch /secrets kube-system/pull', unrelated],
  ['get /secrets kube-system/other', unrelated],
  ['get /secrets ns/pull', unrelated],
  ['get /secrets/x kube-system/pull', no('cannot read subresource')],
  ['get /pods/registrycredentials ns/p', yes],
  ['get /pods/registrycredentials ns/q', unrelated],
  ['create /pods/registrycredentials ns/p', no()],
  ['create /pods/retry ns/p', no()],
  ['get /configmaps ns/c', yes],
  ['get /configmaps ns/d', unrelated],
  ['get /persistentvolumeclaims ns/c', yes],
  ['list /persistentvolumeclaims ns/c', single],
  ['patch /persistentvolumeclaims ns/c', single],
  ['get /persistentvolumeclaims/x ns/c', no('cannot get subresource')],
  ['patch /persistentvolumeclaims/status ns/c', yes],
  ['patch /persistentvolumeclaims/status ns/d', unrelated],
  ['get /persistentvolumeclaims/status ns/c', no('can only get/update/patch this type')],
  ['get /persistentvolumes /v', yes],
  ['get /persistentvolumes /w', unrelated],
  ['get resource.k8s.io/resourceclaims ns/r', yes],
  ['get resource.k8s.io/resourceclaims ns/s', unrelated],
  ['get storage.k8s.io/volumeattachments /v', yes],
  ['list storage.k8s.io/volumeattachments', single],
  ['create /serviceaccounts/token ns/robot', yes],
  ['create /serviceaccounts/token ns/default', unrelated],
  ['create /serviceaccounts/token ns/', token],
  ['create /serviceaccounts ns/robot', no('can only create token subresource of serviceaccount')],
  ['create /serviceaccounts ns/', token],
  ['list /serviceaccounts ns/robot', token],
  ['get /serviceaccounts ns/robot', yes],
  ['get /serviceaccounts ns/default', unrelated],
  ['update /serviceaccounts/token ns/robot', token],
  ['get coordination.k8s.io/leases kube-node-lease/n1', yes],
  ['delete coordination.k8s.io/leases kube-node-lease/n1', yes],
  ['create coordination.k8s.io/leases kube-node-lease/', yes],
  ['patch coordination.k8s.io/leases kube-node-lease/n2', ownLease],
  ['update coordination.k8s.io/leases kube-node-lease/n11', ownLease],
  [
    'get coordination.k8s.io/leases kube-system/n1',
    no('can only access leases in the "kube-node-lease" system namespace'),
  ],
  [
    'list coordination.k8s.io/leases kube-node-lease/n1',
    no('can only get, create, update, patch, or delete a node lease'),
  ],
  ['get storage.k8s.io/csinodes /n1', yes],
  ['create storage.k8s.io/csinodes', yes],
  ['patch storage.k8s.io/csinodes /n2', ownCsiNode],
  ['patch storage.k8s.io/csinodes/status /n1', no('cannot authorize CSINode subresources')],
  ['watch storage.k8s.io/csinodes /n1', no('can only get, create, update, patch, or delete a CSINode')],
  ['create resource.k8s.io/resourceslices', yes],
  ['patch resource.k8s.io/resourceslices /x', yes],
  ['delete resource.k8s.io/resourceslices /y', unrelated],
  ['list resource.k8s.io/resourceslices', slices],
  ['deletecollection resource.k8s.io/resourceslices / spec.nodeName=n1', yes],
  ['list resource.k8s.io/resourceslices / spec.nodeName=n2', slices],
  ['get resource.k8s.io/resourceslices/status /x', no('cannot authorize ResourceSlice subresources')],
  ['get /nodes /n1', yes],
  ['watch /nodes /n1', yes],
  ['get /nodes /n2', no("node 'n1' cannot read 'n2', only its own Node object")],
  ['list /nodes', no("node 'n1' cannot read all nodes, only its own Node object")],
  ['create /nodes', yes],
  ['patch /nodes /n2', yes],
  ['patch /nodes/status /n1', yes],
  ['get /nodes/status /n1', no()],
  ['delete /nodes /n1', no()],
  ['deletecollection /nodes', no()],
  ['get /nodes/proxy /n1', no()],
  ['create /nodes/proxy /n2', no()],
  ['get /pods ns/p', yes],
  ['get /pods ns/q', unrelated],
  ['list /pods', ownPods],
  ['list /pods ns/', ownPods],
  ['list /pods ns/p', yes],
  ['watch /pods ns/q', unrelated],
  ['list /pods / spec.nodeName=n1', yes],
  ['watch /pods / status.phase=Running spec.nodeName=n1', yes],
  ['list /pods / spec.nodeName=n2', ownPods],
  ['list /pods / spec.nodeName!=n1', ownPods],
  ['list /pods / nodeName=n1', ownPods],
  ['deletecollection /pods / spec.nodeName=n1', no()],
  ['create /pods ns/', yes],
  ['delete /pods ns/q', yes],
  ['update /pods ns/p', no()],
  ['patch /pods/status ns/q', yes],
  ['get /pods/status ns/p', no()],
  ['create /pods/eviction ns/p', yes],
  ['create /pods/binding ns/p', no()],
  ['create /pods/exec ns/p', no()],
  ['get /pods/log ns/p', no()],
  ['watch /services', yes],
  ['get /services/status ns/a', no()],
  ['create /events ns/', yes],
  ['patch events.k8s.io/events ns/e', yes],
  ['list /events', no()],
  ['get /endpoints ns/e', yes],
  ['list /endpoints', no()],
  ['create authentication.k8s.io/tokenreviews', yes],
  ['create authorization.k8s.io/subjectaccessreviews', yes],
  ['create certificates.k8s.io/certificatesigningrequests', yes],
  ['update certificates.k8s.io/certificatesigningrequests/approval /c', no()],
  ['delete certificates.k8s.io/certificatesigningrequests /c', no()],
  ['list storage.k8s.io/csidrivers', yes],
  ['list node.k8s.io/runtimeclasses', yes],
  ['get /namespaces kube-system/kube-system', yes],
  ['get /namespaces default/default', no()],
  ['list /namespaces', no()],
  ['create rbac.authorization.k8s.io/clusterrolebindings', no()],
  ['get /__proto__ ns/x', no()],
  ['get constructor/ ns/x', no()],
];

describe('what a node may do', () => {
  const authorizer = new NodeAuthorizer(new KnownRelations(known), shared);
  for (const [asked, verdict] of table)
    it(asked, async () => assert.deepEqual(await authorizer.authorize(action(asked)), verdict));

  it('is nothing that is no resource', async () => {
    const { user } = action('get /nodes /n1');
    assert.deepEqual(await authorizer.authorize({ user, verb: 'get', path: '/metrics' }), no());
  });
});

describe('who is a node', () => {
  const authorizer = new NodeAuthorizer(new KnownRelations(known), shared);
  const others: readonly (readonly [name: string, groups: readonly string[], verdict: Verdict])[] = [
    ['system:node:n1', ['system:authenticated'], no()],
    ['n1', nodes, no()],
    ['System:node:n1', nodes, no()],
    ['system:node:', nodes, no('unknown node for user "system:node:"')],
    ['system:node:n2', nodes, unrelatedTo('n2')],
    ['system:node:n1 ', nodes, unrelatedTo('n1 ')],
  ];
  function unrelatedTo(node: string): Verdict {
    return no(`no relationship found between node '${node}' and this object`);
  }
  for (const [name, groups, verdict] of others)
    it(`${JSON.stringify(name)} of ${groups.join()}`, async () =>
      assert.deepEqual(await authorizer.authorize(action('get /secrets ns/s', { name, groups })), verdict));

  it('is judged by its own pods where credentials are shared', async () => {
    const other = { name: 'system:node:n2', groups: nodes };
    assert.deepEqual(await authorizer.authorize(action('get /secrets kube-system/pull', other)), unrelatedTo('n2'));
  });

  it('has rules that cannot be listed', () => {
    assert.equal(authorizer.rulesFor({ name: 'system:node:n1', groups: nodes }).incomplete, true);
    assert.equal(authorizer.rulesFor({ name: 'ann', groups: nodes }).incomplete, false);
  });
});

describe('what is not known yet', () => {
  it('is waited for before it is refused, and what is known is not', async () => {
    const relations = new KnownRelations(['secrets ns/s'], ['secrets ns/new']);
    const authorizer = new NodeAuthorizer(relations, shared);
    assert.deepEqual(authorizer.authorize(action('get /secrets ns/s')), yes);
    assert.equal(relations.caughtUp, 0);
    assert.deepEqual(await authorizer.authorize(action('get /secrets ns/new')), yes);
    assert.equal(relations.caughtUp, 1);
  });

  it('is not believed while what is known may be old', async () => {
    const relations = new KnownRelations(['secrets ns/s']);
    relations.isCurrent = false;
    assert.deepEqual(await new NodeAuthorizer(relations, shared).authorize(action('get /secrets ns/s')), yes);
    assert.equal(relations.caughtUp, 1);
  });
});
