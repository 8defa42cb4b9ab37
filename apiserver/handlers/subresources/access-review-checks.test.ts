import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../../api/status-error.ts';
import { type CheckedReview, checkAccessReview } from './access-review-checks.ts';
import { reviewedAction } from './reviewed-action.ts';

const pods = { verb: 'list', resource: 'pods', namespace: 'a' };
const path = { path: '/x', verb: 'get' };
const at = 'spec.resourceAttributes';
const inNeedsValues = "Required value: must be specified when `operator` is 'In' or 'NotIn'";
const requirement = (key: string, operator: string, values?: string[]) => ({
  requirements: [{ key, operator, ...(values && { values }) }],
});

function complaints(review: Partial<CheckedReview>): string[] {
  try {
    checkAccessReview({ metadata: {}, spec: undefined, namesSubject: true, ...review });
    return [];
  } catch (error) {
    assert.ok(error instanceof StatusError);
    assert.equal(error.code, 422);
    const causes = error.status.details?.causes ?? [];
    return causes.map(({ field, message }) => `${field}: ${message}`);
  }
}

describe('what a review of access must look like', () => {
  const table: readonly (readonly [what: string, review: Partial<CheckedReview>, said: readonly string[]])[] = [
    ['a user', { spec: { user: 'u', resourceAttributes: pods } }, []],
    ['groups', { spec: { groups: ['g'], nonResourceAttributes: path } }, []],
    ['itself', { spec: { resourceAttributes: pods }, namesSubject: false }, []],
    [
      'nothing at all',
      {},
      [
        `${at}: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified`,
        'spec.user: Invalid value: "": at least one of user or group must be specified',
      ],
    ],
    [
      'both',
      { spec: { user: 'u', resourceAttributes: pods, nonResourceAttributes: path } },
      [
        'spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":"get"}: cannot be specified in combination with resourceAttributes',
      ],
    ],
    ...(['fieldSelector', 'labelSelector'] as const).flatMap((selector) => {
      const given = (value: object) => ({ spec: { user: 'u', resourceAttributes: { ...pods, [selector]: value } } });
      const first = `${at}.${selector}.requirements[0]`;
      return [
        [`${selector}: text`, given({ rawSelector: 'a=b' }), []],
        [`${selector}: requirements`, given(requirement('a', 'In', ['b'])), []],
        [`${selector}: an operator of the future`, given(requirement('a', 'Near', ['b'])), []],
        [
          `${selector}: both`,
          given({ rawSelector: 'a=b', ...requirement('a', 'In', ['b']) }),
          [`${at}.${selector}.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements`],
        ],
        [
          `${selector}: neither`,
          given({}),
          [
            `${at}.${selector}.requirements: Required value: when ${at}.${selector} is specified, requirements or rawSelector is required`,
          ],
        ],
        [`${selector}: In without values`, given(requirement('a', 'In')), [`${first}.values: ${inNeedsValues}`]],
        [
          `${selector}: Exists with values`,
          given(requirement('a', 'Exists', ['b'])),
          [`${first}.values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`],
        ],
      ] as const;
    }),
    [
      'fieldSelector: no key',
      { spec: { user: 'u', resourceAttributes: { ...pods, fieldSelector: requirement('', 'In', ['b']) } } },
      [`${at}.fieldSelector.requirements[0].key: Required value: must be specified`],
    ],
    [
      'a name',
      { spec: { user: 'u', resourceAttributes: pods }, metadata: { labels: { a: 'b' }, name: 'x', annotations: {} } },
      ['metadata: Invalid value: {"name":"x","labels":{"a":"b"}}: must be empty'],
    ],
    [
      'owners of its fields',
      { spec: { user: 'u', resourceAttributes: pods }, metadata: { managedFields: [{ manager: 'm' }] } },
      [],
    ],
    [
      'a namespace, in one',
      { spec: { user: 'u', resourceAttributes: pods }, metadata: { namespace: 'a' }, namespace: 'a' },
      [],
    ],
    [
      'a name, in a namespace',
      { spec: { user: 'u', resourceAttributes: pods }, metadata: { namespace: 'a', name: 'x' }, namespace: 'a' },
      ['metadata: Invalid value: {"name":"x","namespace":"a"}: must be empty except for namespace'],
    ],
    [
      'another namespace',
      { spec: { user: 'u', resourceAttributes: pods }, namespace: 'b' },
      [`${at}.namespace: Invalid value: "a": must match metadata.namespace`],
    ],
    [
      'a path, in a namespace',
      { spec: { user: 'u', nonResourceAttributes: path }, namespace: 'a' },
      ['spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":"get"}: disallowed on this kind of request'],
    ],
  ];
  for (const [what, review, said] of table) it(what, () => assert.deepEqual(complaints(review), said));
});

describe('what of the selectors of a review can be read', () => {
  const user = { name: 'u', groups: [] };
  const read = (selectors: object) => {
    const { action, unread } = reviewedAction(user, { resourceAttributes: { ...pods, ...selectors } });
    return { fields: action.resource?.fields, unread };
  };
  const ignored = (selector: string) => [`${at}.${selector} ignored due to parse error`];
  const name = { field: 'metadata.name', value: 'x', isNegated: false };
  const table: readonly (readonly [what: string, selectors: object, fields: unknown, unread: readonly string[]])[] = [
    ['text', { fieldSelector: { rawSelector: 'metadata.name=x' } }, [name], []],
    ['nonsense', { fieldSelector: { rawSelector: 'a==b,,,(' } }, undefined, ignored('fieldSelector')],
    ['an unknown operator', { fieldSelector: requirement('a', 'Near', ['b']) }, undefined, ignored('fieldSelector')],
    ['two values', { fieldSelector: requirement('a', 'In', ['b', 'c']) }, undefined, ignored('fieldSelector')],
    [
      'a part',
      {
        fieldSelector: {
          requirements: [
            { key: 'a', operator: 'Exists' },
            { key: 'metadata.name', operator: 'In', values: ['x'] },
          ],
        },
      },
      [name],
      [`${at}.fieldSelector partially ignored due to parse error`],
    ],
    ['labels', { labelSelector: { rawSelector: 'a in (b,c),!d' } }, undefined, []],
    ['nonsense of labels', { labelSelector: { rawSelector: 'a==b,,,(' } }, undefined, ignored('labelSelector')],
    ['an unknown operator of labels', { labelSelector: requirement('a', 'Near') }, undefined, ignored('labelSelector')],
  ];
  for (const [what, selectors, fields, unread] of table)
    it(what, () => assert.deepEqual(read(selectors), { fields, unread }));
});
