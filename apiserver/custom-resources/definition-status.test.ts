import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CustomResourceDefinition, CustomResourceDefinitionStatus } from '../../api/types/apiextensions/v1.ts';
import { kinds } from '../../kinds/kind-table.ts';
import { computeDefinitionStatus, computeDefinitionStatuses } from './definition-status.ts';
import { ownPlaces } from './own-places.ts';

interface Given {
  readonly plural?: string;
  readonly kind?: string;
  readonly shortNames?: string[];
  readonly group?: string;
  readonly annotations?: Record<string, string>;
  readonly status?: CustomResourceDefinitionStatus;
}

function definition({
  plural = 'widgets',
  kind = 'Widget',
  shortNames,
  group = 'example.com',
  annotations,
  status,
}: Given = {}) {
  const names = {
    plural,
    singular: kind.toLowerCase(),
    kind,
    listKind: `${kind}List`,
    ...(shortNames && { shortNames }),
  };
  const made: CustomResourceDefinition = {
    metadata: { name: `${plural}.${group}`, ...(annotations && { annotations }) },
    spec: { group, scope: 'Namespaced', names, versions: [] },
    ...(status && { status }),
  };
  return made;
}

const isOwnPlace = ownPlaces(kinds);
const now = Date.parse('2026-01-02T03:04:05Z');
const time = '2026-01-02T03:04:05Z';

function accepted(given: Given): CustomResourceDefinition {
  const made = definition(given);
  return { ...made, status: computed(made, []) };
}

/** The status as the store has it. */
function computed(one: CustomResourceDefinition, others: CustomResourceDefinition[]): CustomResourceDefinitionStatus {
  return structuredClone(
    computeDefinitionStatus(one, { all: [one, ...others], isOwnPlace, now }) ?? {},
  ) as CustomResourceDefinitionStatus;
}

const conditionOf = (status: CustomResourceDefinitionStatus, wanted: string) =>
  status.conditions?.find(({ type }) => type === wanted);

describe('the status of a definition', () => {
  it('accepts names that nobody has, and says so once', () => {
    const status = computed(definition(), []);
    assert.deepEqual(status, {
      acceptedNames: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      conditions: [
        {
          ...{ type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
          lastTransitionTime: time,
        },
        {
          ...{ type: 'Established', status: 'True', reason: 'InitialNamesAccepted' },
          message: 'the initial names have been accepted',
          lastTransitionTime: time,
        },
      ],
    });
    const settled = definition({ status });
    assert.equal(computeDefinitionStatus(settled, { all: [settled], isOwnPlace, now: now + 60_000 }), undefined);
  });

  for (const [plural, group] of [
    ['clusterroles', 'rbac.authorization.k8s.io'],
    ['events', 'events.k8s.io'],
    ['keys', 'longshore.dev'],
  ] as const)
    it(`never accepts the names of what is the server's own: ${plural}.${group}`, () => {
      const forged = { acceptedNames: { plural, kind: 'Any' }, conditions: [] };
      const status = computed(definition({ plural, group, kind: 'Any', status: forged }), []);
      assert.deepEqual(status.acceptedNames, { plural: '', kind: '' });
      assert.equal(conditionOf(status, 'NamesAccepted')?.message, `"${plural}" is already in use`);
      assert.equal(conditionOf(status, 'Established')?.status, 'False');
    });

  const first = accepted({ shortNames: ['wd'] });
  const conflicts: [what: string, given: Given, reason: string, message: string][] = [
    ['a kind', { plural: 'gadgets' }, 'ListKindConflict', '"WidgetList" is already in use'],
    ['a plural', { kind: 'Gadget' }, 'PluralConflict', '"widgets" is already in use'],
    [
      'a short name',
      { plural: 'gadgets', kind: 'Gadget', shortNames: ['gd', 'wd'] },
      'ShortNamesConflict',
      '"wd" is already in use',
    ],
    [
      'two short names',
      { plural: 'gadgets', kind: 'Gadget', shortNames: ['widget', 'wd'] },
      'ShortNamesConflict',
      '["widget" is already in use, "wd" is already in use]',
    ],
  ];
  for (const [what, given, reason, message] of conflicts)
    it(`refuses ${what} that another definition of the group has`, () => {
      const status = computed(definition(given), [first]);
      const condition = conditionOf(status, 'NamesAccepted');
      assert.deepEqual([condition?.status, condition?.reason, condition?.message], ['False', reason, message]);
      assert.equal(conditionOf(status, 'Established')?.reason, 'NotAccepted');
    });

  it('gives a name that two ask for at once to who asks first, and tells only what changes', () => {
    const settled = accepted({ plural: 'things', kind: 'Thing' });
    const asking = [
      definition({ group: 'example.org' }),
      definition({ plural: 'gadgets' }),
      definition({ plural: 'sprockets' }), // the same kind as that before it
    ];
    const all = [settled, ...asking];
    const changes = computeDefinitionStatuses([settled, ...asking], { all, isOwnPlace, now });
    const told = changes.map(({ definition: { metadata }, status }) => [
      metadata?.name,
      status.conditions?.find(({ type }) => type === 'NamesAccepted')?.status,
    ]);
    assert.deepEqual(told, [
      ['widgets.example.org', 'True'],
      ['gadgets.example.com', 'True'],
      ['sprockets.example.com', 'False'],
    ]);
  });

  it('does not mind the names of other groups', () => {
    const status = computed(definition({ group: 'example.org' }), [first]);
    assert.equal(conditionOf(status, 'NamesAccepted')?.status, 'True');
  });

  it('stays established when a name that it asks for later is taken', () => {
    const before = accepted({ plural: 'gadgets', kind: 'Gadget' });
    const renamed = { ...before, spec: { ...before.spec, names: { ...before.spec.names, shortNames: ['wd'] } } };
    const status = computed(renamed, [first]);
    assert.equal(conditionOf(status, 'NamesAccepted')?.status, 'False');
    assert.equal(conditionOf(status, 'Established')?.status, 'True');
    assert.equal(status.acceptedNames?.shortNames, undefined);
  });

  const approvals: [value: string | undefined, status: string, reason: string][] = [
    [undefined, 'False', 'MissingAnnotation'],
    ['unapproved, for a test', 'False', 'UnapprovedAnnotation'],
    ['https://example.com/approval', 'True', 'ApprovedAnnotation'],
    ['somebody', 'False', 'InvalidAnnotation'],
  ];
  for (const [value, status, reason] of approvals)
    it(`says of a group of the community that is approved by ${value}: ${reason}`, () => {
      const annotations = value === undefined ? {} : { 'api-approved.kubernetes.io': value };
      const condition = conditionOf(
        computed(definition({ group: 'x.k8s.io', annotations }), []),
        'KubernetesAPIApprovalPolicyConformant',
      );
      assert.deepEqual([condition?.status, condition?.reason], [status, reason]);
    });
});
