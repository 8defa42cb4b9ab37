import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allVerbs } from '../../api/resource.ts';
import { computeNamespaceConditions, isContent, isEmptied, type RemainingContent } from './namespace-plan.ts';

const now = Date.UTC(2030, 0, 2);
const configMaps = {
  kind: { plural: 'configmaps', group: '' },
  objects: [
    { metadata: { finalizers: ['example.com/f'] } },
    { metadata: { finalizers: ['example.com/f', 'example.com/g'] } },
  ],
};

describe('conditions of a namespace that goes', () => {
  it('name what is left and which finalizers hold it', () => {
    const conditions = computeNamespaceConditions([], { leftovers: [configMaps], failures: [], now });
    const message = (type: string) => conditions.find((condition) => condition.type === type)?.message;
    assert.equal(
      message('NamespaceContentRemaining'),
      'Some resources are remaining: configmaps. has 2 resource instances',
    );
    assert.equal(
      message('NamespaceFinalizersRemaining'),
      'Some content in the namespace has finalizers remaining: ' +
        'example.com/f in 2 resource instances, example.com/g in 1 resource instances',
    );
  });

  it('keep their time while they say the same', () => {
    const first = computeNamespaceConditions([], { leftovers: [configMaps], failures: [], now });
    const second = computeNamespaceConditions(first, { leftovers: [configMaps], failures: [], now: now + 60_000 });
    assert.deepEqual(second, first);
    const third = computeNamespaceConditions(first, { leftovers: [], failures: ['no'], now: now + 60_000 });
    const changed = third.filter(({ lastTransitionTime }) => lastTransitionTime !== '2030-01-02T00:00:00Z');
    assert.equal(changed.length, 3);
  });

  it('leave those of others as they are', () => {
    const other = { type: 'example.com/Archived', status: 'True', lastTransitionTime: '2030-01-01T00:00:00Z' };
    const conditions = computeNamespaceConditions([other], { leftovers: [], failures: [], now });
    assert.deepEqual(conditions[0], other);
    assert.equal(conditions.length, 6);
  });
});

describe('conditions of a namespace that goes, one for each way it may be held', () => {
  interface Observed {
    readonly leftovers?: (typeof configMaps)[];
    readonly failures?: string[];
    readonly stale?: string[];
  }
  const conditionsOf = ({ leftovers = [], failures = [], stale = [] }: Observed) =>
    computeNamespaceConditions([], { leftovers, failures, stale, now });
  const empty = {
    NamespaceDeletionDiscoveryFailure: ['False', 'ResourcesDiscovered', 'All resources successfully discovered'],
    NamespaceDeletionGroupVersionParsingFailure: [
      'False',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ],
    NamespaceDeletionContentFailure: [
      'False',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ],
    NamespaceContentRemaining: ['False', 'ContentRemoved', 'All content successfully removed'],
    NamespaceFinalizersRemaining: ['False', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
  };
  const secrets = {
    kind: { plural: 'secrets', group: '' },
    objects: [{ metadata: { finalizers: ['example.com/g'] } }],
  };
  const widgets = { kind: { plural: 'widgets', group: 'example.com' }, objects: [{ metadata: { finalizers: [] } }] };

  const cases: readonly (readonly [title: string, observed: Observed, changed: Partial<typeof empty>])[] = [
    ['nothing is left', {}, {}],
    [
      'objects that go by themselves soon',
      { leftovers: [widgets] },
      {
        NamespaceContentRemaining: [
          'True',
          'SomeResourcesRemain',
          'Some resources are remaining: widgets.example.com has 1 resource instances',
        ],
      },
    ],
    [
      'objects of several kinds with finalizers, sorted',
      { leftovers: [secrets, configMaps] },
      {
        NamespaceContentRemaining: [
          'True',
          'SomeResourcesRemain',
          'Some resources are remaining: configmaps. has 2 resource instances, secrets. has 1 resource instances',
        ],
        NamespaceFinalizersRemaining: [
          'True',
          'SomeFinalizersRemain',
          'Some content in the namespace has finalizers remaining: ' +
            'example.com/f in 2 resource instances, example.com/g in 2 resource instances',
        ],
      },
    ],
    [
      'what could not be deleted',
      { failures: ['b failed', 'a failed'] },
      {
        NamespaceDeletionContentFailure: [
          'True',
          'ContentDeletionFailed',
          'Failed to delete all resource types, 2 remaining: a failed, b failed',
        ],
      },
    ],
    [
      'groups that could not be asked about',
      { stale: ['metrics.k8s.io/v1beta1'] },
      {
        NamespaceDeletionDiscoveryFailure: [
          'True',
          'DiscoveryFailed',
          'Discovery failed for some groups, 1 failing: metrics.k8s.io/v1beta1',
        ],
      },
    ],
  ];
  for (const [title, observed, changed] of cases)
    it(title, () => {
      const told = conditionsOf(observed).map(({ type, status, reason, message }) => [type, [status, reason, message]]);
      assert.deepEqual(Object.fromEntries(told), { ...empty, ...changed });
    });
});

describe('a namespace may go', () => {
  const nothing: RemainingContent = { leftovers: [], podsRemain: false, failures: [], stale: [] };
  const cases: readonly (readonly [title: string, content: Partial<RemainingContent>, emptied: boolean])[] = [
    ['when nothing is left', {}, true],
    ['not while pods are', { podsRemain: true }, false],
    ['nor other objects', { leftovers: [configMaps] }, false],
    ['nor when something could not be deleted', { failures: [new Error('no')] }, false],
    ['nor when a group could not be asked', { stale: ['example.com/v1'] }, false],
  ];
  for (const [title, content, emptied] of cases)
    it(title, () => assert.equal(isEmptied({ ...nothing, ...content }), emptied));
});

describe('the content of a namespace', () => {
  const resource = { namespaced: true, preferred: true, verbs: allVerbs };
  it('is all that is in namespaces, can be found and deleted, each in one version', () => {
    assert.equal(isContent(resource), true);
    assert.equal(isContent({ ...resource, namespaced: false }), false);
    assert.equal(isContent({ ...resource, preferred: false }), false);
    assert.equal(isContent({ ...resource, verbs: ['list', 'get'] }), false);
    assert.equal(isContent({ ...resource, verbs: ['create', 'delete'] }), false);
  });
});
