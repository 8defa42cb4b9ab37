import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stored } from '../../api/object.ts';
import type {
  FlowSchema,
  FlowSchemaSpec,
  NonResourcePolicyRule,
  ResourcePolicyRule,
  Subject,
} from '../../api/types/flowcontrol/v1.ts';
import { FieldErrors } from '../../machinery/field-errors.ts';
import { decode } from '../../machinery/schema/decode.ts';
import { flowSchemaKind } from './flow-schema.ts';

const everyUrl: NonResourcePolicyRule = { verbs: ['*'], nonResourceURLs: ['*'] };
const everything: ResourcePolicyRule = {
  verbs: ['*'],
  apiGroups: ['*'],
  resources: ['*'],
  clusterScope: true,
  namespaces: ['*'],
};
const level = { priorityLevelConfiguration: { name: 'global-default' } };
const user: Subject = { kind: 'User', user: { name: 'a' } };
const group = (name: string): Subject => ({ kind: 'Group', group: { name } });

function messagesOf(object: FlowSchema, subresource?: string): string[] {
  const errors = new FieldErrors();
  flowSchemaKind.strategy.setDefaults?.(object);
  flowSchemaKind.strategy.validate?.(object, errors, { subresource });
  return errors.list.map(({ field, message }) => `${field}: ${message}`);
}

const ofSpec = (spec: Partial<FlowSchemaSpec>, name = 'a') =>
  messagesOf({ metadata: { name }, spec: { ...level, ...spec } });
const ofSubject = (subject: Subject) => ofSpec({ rules: [{ subjects: [subject], nonResourceRules: [everyUrl] }] });
const ofResources = (rule: Partial<ResourcePolicyRule>) =>
  ofSpec({ rules: [{ subjects: [user], resourceRules: [{ ...everything, ...rule }] }] });
const ofUrls = (...nonResourceURLs: string[]) =>
  ofSpec({ rules: [{ subjects: [user], nonResourceRules: [{ verbs: ['get'], nonResourceURLs }] }] });

const at = 'spec.rules[0]';
const subjectAt = `${at}.subjects[0]`;
const resourceAt = `${at}.resourceRules[0]`;
const urlsAt = `${at}.nonResourceRules[0].nonResourceURLs`;
const verbs = '"create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"';

describe('the specification of a FlowSchema', () => {
  const cases: [string, Partial<FlowSchemaSpec>, string[]][] = [
    ['needs no rules', {}, []],
    [
      'has a positive precedence',
      { matchingPrecedence: -1 },
      ['spec.matchingPrecedence: Invalid value: -1: must be a positive value'],
    ],
    [
      'has a precedence that is not too high',
      { matchingPrecedence: 10_001 },
      ['spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000'],
    ],
    [
      'leaves the first place to another',
      { matchingPrecedence: 1 },
      ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"],
    ],
    [
      'names a priority level',
      { priorityLevelConfiguration: { name: '' } },
      ['spec.priorityLevelConfiguration.name: Required value: must reference a priority level'],
    ],
    [
      'tells flows apart in a known way',
      { distinguisherMethod: { type: 'ByColour' } },
      [
        'spec.distinguisherMethod.type: Unsupported value: {"Type":"ByColour"}: supported values: "ByNamespace", "ByUser"',
      ],
    ],
    [
      'is about somebody and something',
      { rules: [{ subjects: [] }] },
      [
        `${at}.subjects: Required value: subjects must contain at least one value`,
        `${at}: Required value: at least one of resourceRules and nonResourceRules has to be non-empty`,
      ],
    ],
  ];
  for (const [what, spec, expected] of cases) it(what, () => assert.deepEqual(ofSpec(spec), expected));

  it('names a priority level as one may be called', () => {
    const [message = '', ...rest] = ofSpec({ priorityLevelConfiguration: { name: 'A_b' } });
    assert.match(
      message,
      /^spec\.priorityLevelConfiguration\.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain/,
    );
    assert.deepEqual(rest, []);
  });
});

describe('a subject', () => {
  const cases: [string, Subject, string[]][] = [
    ['may be a group', group('a'), []],
    ['may be all accounts', { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'a' } }, []],
    [
      'is of a known kind',
      { kind: 'Robot' },
      [`${subjectAt}.kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"`],
    ],
    [
      'has the member of its kind',
      { kind: 'User' },
      [`${subjectAt}.user: Required value: user is required when subject kind is 'User'`],
    ],
    [
      'has no other member',
      { kind: 'Group', group: { name: 'a' }, user: { name: 'b' }, serviceAccount: { name: 'c', namespace: 'd' } },
      [
        `${subjectAt}.serviceAccount: Forbidden: serviceAccount is forbidden when subject kind is not 'ServiceAccount'`,
        `${subjectAt}.user: Forbidden: user is forbidden when subject kind is not 'User'`,
      ],
    ],
    ['has a name', { kind: 'User', user: { name: '' } }, [`${subjectAt}.user.name: Required value`]],
    [
      'has a namespace as an account',
      { kind: 'ServiceAccount', serviceAccount: { name: '', namespace: '' } },
      [
        `${subjectAt}.serviceAccount.name: Required value`,
        `${subjectAt}.serviceAccount.namespace: Required value: must specify namespace for service account`,
      ],
    ],
    [
      'is in a namespace that can be',
      { kind: 'ServiceAccount', serviceAccount: { name: 'a', namespace: 'b.c' } },
      [`${subjectAt}.serviceAccount.namespace: Invalid value: "b.c": must not contain dots`],
    ],
  ];
  for (const [what, subject, expected] of cases) it(what, () => assert.deepEqual(ofSubject(subject), expected));
});

describe('a rule about resources', () => {
  const cases: [string, Partial<ResourcePolicyRule>, string[]][] = [
    ['may mean everything', {}, []],
    ['has verbs', { verbs: [] }, [`${resourceAt}.verbs: Required value: verbs must contain at least one value`]],
    [
      'has verbs that there are',
      { verbs: ['get', 'grab'] },
      [`${resourceAt}.verbs: Unsupported value: ["get","grab"]: supported values: ${verbs}`],
    ],
    [
      'names all, or some',
      { verbs: ['*', 'get'], apiGroups: ['*', ''], resources: ['*', 'pods'], namespaces: ['*', 'a'] },
      [
        `${resourceAt}.verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`,
        `${resourceAt}.apiGroups: Invalid value: ["*",""]: if '*' is present, must not specify other api groups`,
        `${resourceAt}.resources: Invalid value: ["*","pods"]: if '*' is present, must not specify other resources`,
        `${resourceAt}.namespaces: Invalid value: ["*","a"]: if '*' is present, must not specify other namespaces`,
      ],
    ],
    [
      'has groups, resources, and a scope',
      { apiGroups: [], resources: [], namespaces: [], clusterScope: false },
      [
        `${resourceAt}.apiGroups: Required value: resource rules must supply at least one api group`,
        `${resourceAt}.resources: Required value: resource rules must supply at least one resource`,
        `${resourceAt}.namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace`,
      ],
    ],
    [
      'names namespaces that can be',
      { namespaces: ['a', 'b.c'] },
      [
        `${resourceAt}.namespaces[1]: Invalid value: "b.c": each member of this list must be '*' or a DNS-1123 label; must not contain dots`,
      ],
    ],
  ];
  for (const [what, rule, expected] of cases) it(what, () => assert.deepEqual(ofResources(rule), expected));
});

describe('a rule about paths', () => {
  it('takes a path, and all below one', () => assert.deepEqual(ofUrls('/', '/healthz', '/openapi/*'), []));

  it('has paths', () =>
    assert.deepEqual(ofUrls(), [`${urlsAt}: Required value: nonResourceURLs must contain at least one value`]));

  it('names all, or some', () =>
    assert.deepEqual(ofUrls('*', '/a'), [
      `${urlsAt}: Invalid value: ["*","/a"]: if '*' is present, must not specify other non-resource URLs`,
    ]));

  const wrong: [string, string][] = [
    ['', 'must not be empty'],
    ['a', 'must start with slash'],
    ['/a b', 'must not contain white-space'],
    ['/a//b', 'must not contain double slash'],
    ['/a*', 'wildcard can only do suffix matching'],
    ['/*/a', 'wildcard can only do suffix matching'],
    ['/*/*', 'wildcard can only do suffix matching'],
  ];
  for (const [url, message] of wrong)
    it(`is not about "${url}"`, () =>
      assert.deepEqual(ofUrls(url), [`${urlsAt}[0]: Invalid value: "${url}": ${message}`]));
});

describe('the mandatory schemas', () => {
  const exempt: FlowSchemaSpec = {
    priorityLevelConfiguration: { name: 'exempt' },
    matchingPrecedence: 1,
    rules: [{ subjects: [group('system:masters')], resourceRules: [everything], nonResourceRules: [everyUrl] }],
  };
  const catchAll: FlowSchemaSpec = {
    priorityLevelConfiguration: { name: 'catch-all' },
    matchingPrecedence: 10_000,
    distinguisherMethod: { type: 'ByUser' },
    rules: [
      {
        subjects: [group('system:unauthenticated'), group('system:authenticated')],
        resourceRules: [everything],
        nonResourceRules: [everyUrl],
      },
    ],
  };

  it('may be what they are', () => {
    assert.deepEqual(ofSpec(exempt, 'exempt'), []);
    assert.deepEqual(ofSpec(catchAll, 'catch-all'), []);
  });

  it('may be nothing else', () => {
    assert.deepEqual(ofSpec({ rules: [{ subjects: [user], nonResourceRules: [everyUrl] }] }, 'exempt'), [
      'spec: Invalid value: {"PriorityLevelConfiguration":{"Name":"global-default"},"MatchingPrecedence":1000,"DistinguisherMethod":null,"Rules":[{"Subjects":[{"Kind":"User","User":{"Name":"a"},"Group":null,"ServiceAccount":null}],"ResourceRules":null,"NonResourceRules":[{"Verbs":["*"],"NonResourceURLs":["*"]}]}]}: spec of \'exempt\' must equal the fixed value',
    ]);
    assert.equal(ofSpec({ ...catchAll, matchingPrecedence: 9999 }, 'catch-all').length, 1);
  });
});

describe('a FlowSchema', () => {
  it('has a precedence by default', () => {
    const object: FlowSchema = { spec: { ...level } };
    flowSchemaKind.strategy.setDefaults?.(object);
    assert.equal(object.spec?.matchingPrecedence, 1000);
  });

  it('is decoded by its definition', () => {
    assert.throws(() => decode(flowSchemaKind.schema, { spec: { rules: 5 } }));
    const { object } = decode(flowSchemaKind.schema, { spec: {} });
    assert.deepEqual(messagesOf({ ...object, metadata: { name: 'a' } }), [
      'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
    ]);
  });

  it('names each condition, once', () => {
    const conditions = [{ type: 'a' }, { type: 'a' }, {}];
    assert.deepEqual(messagesOf({ status: { conditions } }, 'status'), [
      'status.conditions[1].type: Duplicate value: "a"',
      'status.conditions[2].type: Required value: must not be empty',
    ]);
  });

  it('keeps its metadata when its status is written', () => {
    const previous = stored('a', 5);
    const next: Stored<FlowSchema> = { ...stored('a', 6), status: { conditions: [{ type: 'x' }] } };
    next.metadata.labels = { new: 'label' };
    flowSchemaKind.strategy.prepareForUpdate?.(next, previous, { isUpdate: true, subresource: 'status', now: 0 });
    assert.deepEqual(next, { ...previous, status: { conditions: [{ type: 'x' }] } });
  });

  it('stands in a table in the order in which it is asked', () => {
    const dangling = stored('d', 7);
    dangling.status = { conditions: [{ type: 'Dangling', status: 'True' }] };
    dangling.spec = { ...level, matchingPrecedence: 7, distinguisherMethod: { type: 'ByUser' } };
    const now = Date.parse('2026-01-01T00:01:00Z');
    const rows = [stored('b', 9), stored('a', 9), dangling].sort((a, b) => flowSchemaKind.compareRows?.(a, b) ?? 0);
    assert.deepEqual(
      flowSchemaKind.columns.map(({ name }) => name),
      ['Name', 'PriorityLevel', 'MatchingPrecedence', 'DistinguisherMethod', 'Age', 'MissingPL'],
    );
    assert.deepEqual(
      rows.map((row) => flowSchemaKind.columns.map((column) => column.cell(row, now))),
      [
        ['d', 'global-default', 7, 'ByUser', '60s', 'True'],
        ['a', 'global-default', 9, '<none>', '60s', '?'],
        ['b', 'global-default', 9, '<none>', '60s', '?'],
      ],
    );
  });
});

function stored(name: string, matchingPrecedence: number): Stored<FlowSchema> {
  return {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { ...level, matchingPrecedence },
  };
}
