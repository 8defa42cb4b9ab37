import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stored } from '../../api/object.ts';
import type {
  LimitedPriorityLevelConfiguration,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../../api/types/flowcontrol/v1.ts';
import { FieldErrors } from '../../machinery/field-errors.ts';
import { decode } from '../../machinery/schema/decode.ts';
import { priorityLevelConfigurationKind } from './priority-level-configuration.ts';

const reject = { limitResponse: { type: 'Reject' } };

function messagesOf(object: PriorityLevelConfiguration, subresource?: string): string[] {
  const errors = new FieldErrors();
  priorityLevelConfigurationKind.strategy.setDefaults?.(object);
  priorityLevelConfigurationKind.strategy.validate?.(object, errors, { subresource });
  return errors.list.map(({ field, message }) => `${field}: ${message}`);
}

const ofSpec = (spec: PriorityLevelConfigurationSpec, name = 'a') => messagesOf({ metadata: { name }, spec });
const ofLimited = (limited: LimitedPriorityLevelConfiguration) => ofSpec({ type: 'Limited', limited });
const ofQueuing = (queuing: QueuingConfiguration) => ofLimited({ limitResponse: { type: 'Queue', queuing } });

describe('the specification of a PriorityLevelConfiguration', () => {
  const cases: [string, PriorityLevelConfigurationSpec, string[]][] = [
    ['may be limited', { type: 'Limited', limited: { ...reject } }, []],
    [
      'is of a known type',
      { type: 'Unlimited' },
      ['spec.type: Unsupported value: "Unlimited": supported values: "Exempt", "Limited"'],
    ],
    [
      'is exempt by one name only',
      { type: 'Exempt' },
      ["spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if name is 'exempt'"],
    ],
    [
      'has the member of its type and no other',
      { type: 'Limited', exempt: {} },
      [
        'spec.exempt: Forbidden: must be nil if the type is Limited',
        'spec.limited: Required value: must not be empty when type is Limited',
      ],
    ],
  ];
  for (const [what, spec, expected] of cases) it(what, () => assert.deepEqual(ofSpec(spec), expected));
});

describe('a limited level', () => {
  const cases: [string, LimitedPriorityLevelConfiguration, string[]][] = [
    ['may have no shares', { ...reject, nominalConcurrencyShares: 0 }, []],
    [
      'has numbers within bounds',
      { ...reject, nominalConcurrencyShares: -1, lendablePercent: 101, borrowingLimitPercent: -1 },
      [
        'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
        'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
        'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
      ],
    ],
    [
      'says what becomes of too many requests',
      {},
      ['spec.limited.limitResponse.type: Unsupported value: "": supported values: "Queue", "Reject"'],
    ],
    [
      'has no queues if it rejects',
      { limitResponse: { type: 'Reject', queuing: {} } },
      ['spec.limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited'],
    ],
    [
      'has queues if it queues',
      { limitResponse: { type: 'Queue' } },
      [
        'spec.limited.limitResponse.queuing: Required value: must not be empty if limited.limitResponse.type is Limited',
      ],
    ],
  ];
  for (const [what, limited, expected] of cases) it(what, () => assert.deepEqual(ofLimited(limited), expected));
});

describe('its queues', () => {
  const at = 'spec.limited.limitResponse.queuing';
  const entropy = (queues: number, handSize: number) =>
    `${at}.handSize: Invalid value: ${handSize}: required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than 60`;
  const cases: [QueuingConfiguration, string[]][] = [
    [{}, []],
    [{ queues: 10_000_000, handSize: 2 }, []],
    [
      { queues: -1, handSize: -1, queueLengthLimit: -1 },
      [
        `${at}.queueLengthLimit: Invalid value: -1: must be positive`,
        `${at}.queues: Invalid value: -1: must be positive`,
        `${at}.handSize: Invalid value: -1: must be positive`,
      ],
    ],
    [{ queues: 7, handSize: 8 }, [`${at}.handSize: Invalid value: 8: should not be greater than queues (7)`]],
    [{ queues: 512, handSize: 8 }, [entropy(512, 8)]],
    [{ queues: 128, handSize: 10 }, [entropy(128, 10)]],
    [
      { queues: 2_147_483_647, handSize: 3 },
      [`${at}.queues: Invalid value: 2147483647: must not be greater than 10000000`, entropy(2_147_483_647, 3)],
    ],
  ];
  for (const [queuing, expected] of cases)
    it(JSON.stringify(queuing), () => assert.deepEqual(ofQueuing({ ...queuing }), expected));
});

describe('the mandatory levels', () => {
  it('may be what they are', () => {
    assert.deepEqual(ofSpec({ type: 'Exempt' }, 'exempt'), []);
    assert.deepEqual(ofSpec({ type: 'Exempt', exempt: { nominalConcurrencyShares: 9 } }, 'exempt'), []);
    assert.deepEqual(ofSpec({ type: 'Limited', limited: { nominalConcurrencyShares: 5, ...reject } }, 'catch-all'), []);
  });

  it('have numbers within bounds', () =>
    assert.deepEqual(
      ofSpec({ type: 'Exempt', exempt: { nominalConcurrencyShares: -1, lendablePercent: -1 } }, 'exempt'),
      [
        'spec.exempt.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
        'spec.exempt.lendablePercent: Invalid value: -1: must be between 0 and 100, inclusive',
      ],
    ));

  it('are nothing else', () => {
    assert.deepEqual(ofSpec({ type: 'Exempt', limited: { ...reject } }, 'exempt'), [
      'spec.limited: Forbidden: must be nil if the type is not Limited',
      'spec: Invalid value: {"Type":"Exempt","Limited":{"NominalConcurrencyShares":30,"LimitResponse":{"Type":"Reject","Queuing":null},"LendablePercent":0,"BorrowingLimitPercent":null},"Exempt":null}: spec of \'exempt\' except the \'spec.exempt\' field must equal the fixed value',
    ]);
    assert.deepEqual(
      ofSpec({ type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } }, 'catch-all'),
      [
        'spec: Invalid value: {"Type":"Limited","Limited":{"NominalConcurrencyShares":30,"LimitResponse":{"Type":"Queue","Queuing":{"Queues":64,"HandSize":8,"QueueLengthLimit":50}},"LendablePercent":0,"BorrowingLimitPercent":null},"Exempt":null}: spec of \'catch-all\' must equal the fixed value',
      ],
    );
  });
});

describe('a PriorityLevelConfiguration', () => {
  it('has defaults', () => {
    const object: PriorityLevelConfiguration = {
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } }, exempt: {} },
    };
    priorityLevelConfigurationKind.strategy.setDefaults?.(object);
    assert.deepEqual(object.spec, {
      type: 'Limited',
      limited: {
        limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 } },
        nominalConcurrencyShares: 30,
        lendablePercent: 0,
      },
      exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 },
    });
  });

  it('is decoded by its definition', () => {
    assert.throws(() => decode(priorityLevelConfigurationKind.schema, { spec: { limited: 'a' } }));
    const { object } = decode(priorityLevelConfigurationKind.schema, {
      spec: { type: 'Limited', limited: { nominalConcurrencyShares: 0, limitResponse: { type: 'Reject' } } },
    });
    assert.deepEqual(messagesOf({ ...object, metadata: { name: 'a' } }), []);
    assert.equal((object as PriorityLevelConfiguration).spec?.limited?.nominalConcurrencyShares, 0);
  });

  it("has no annotation of an older version's", () => {
    const annotations = { 'flowcontrol.k8s.io/preserve-zero-concurrency-shares': '' };
    assert.deepEqual(messagesOf({ metadata: { annotations }, spec: { type: 'Limited', limited: { ...reject } } }), [
      "metadata.annotations: Forbidden: annotation 'flowcontrol.k8s.io/preserve-zero-concurrency-shares' is forbidden",
    ]);
  });

  it('names each condition, once', () => {
    assert.deepEqual(messagesOf({ status: { conditions: [{ type: 'a' }, { type: 'a' }] } }, 'status'), [
      'status.conditions[1].type: Duplicate value: "a"',
    ]);
  });

  it('shows its numbers in a table', () => {
    const cellsOf = (spec: PriorityLevelConfigurationSpec) => {
      const object: Stored<PriorityLevelConfiguration> = {
        apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
        kind: 'PriorityLevelConfiguration',
        metadata: { name: 'a', uid: 'a', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
        spec,
      };
      priorityLevelConfigurationKind.strategy.setDefaults?.(object);
      const now = Date.parse('2026-01-01T00:01:00Z');
      return priorityLevelConfigurationKind.columns.map((column) => column.cell(object, now));
    };
    assert.deepEqual(
      priorityLevelConfigurationKind.columns.map(({ name }) => name),
      ['Name', 'Type', 'NominalConcurrencyShares', 'Queues', 'HandSize', 'QueueLengthLimit', 'Age'],
    );
    assert.deepEqual(cellsOf({ type: 'Exempt', exempt: {} }), [
      'a',
      'Exempt',
      '<none>',
      '<none>',
      '<none>',
      '<none>',
      '60s',
    ]);
    const limited = { limitResponse: { type: 'Queue', queuing: {} } };
    assert.deepEqual(cellsOf({ type: 'Limited', limited }), ['a', 'Limited', 30, 64, 8, 50, '60s']);
  });
});
