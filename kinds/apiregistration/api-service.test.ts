import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stored } from '../../api/object.ts';
import type { APIService, APIServiceCondition, APIServiceSpec } from '../../api/types/apiregistration/v1.ts';
import { FieldErrors } from '../../machinery/field-errors.ts';
import { decode } from '../../machinery/schema/decode.ts';
import { apiServiceKind } from './api-service.ts';

const local: APIServiceSpec = {
  group: 'a.example',
  version: 'v1',
  groupPriorityMinimum: 20_000,
  versionPriority: 1000,
};
const service = { namespace: 'a', name: 'b' };

function messagesOf(object: APIService, subresource?: string): string[] {
  const errors = new FieldErrors();
  apiServiceKind.strategy.setDefaults?.(object);
  apiServiceKind.strategy.validate?.(object, errors, { subresource });
  return errors.list.map(({ field, message }) => `${field}: ${message}`);
}

const ofSpec = (spec: Partial<APIServiceSpec>) => {
  const whole = { ...local, ...spec };
  return messagesOf({ metadata: { name: `${whole.version}.${whole.group}` }, spec: whole });
};

describe('the specification of an APIService', () => {
  const cases: [string, Partial<APIServiceSpec>, string[]][] = [
    ['may be local', {}, []],
    ['may be the core', { group: '' }, []],
    ['may be behind a service', { service, insecureSkipTLSVerify: true }, []],
    [
      'names a group in all versions but one',
      { group: '', version: 'v2' },
      ['spec.group: Required value: only v1 may have an empty group and it better be legacy kube'],
    ],
    [
      'has priorities',
      { groupPriorityMinimum: 0, versionPriority: 0 },
      [
        'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000',
        'spec.versionPriority: Invalid value: 0: must be positive and less than 1000',
      ],
    ],
    [
      'has priorities that are not too high',
      { groupPriorityMinimum: 20_001, versionPriority: 1001 },
      [
        'spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000',
        'spec.versionPriority: Invalid value: 1001: must be positive and less than 1000',
      ],
    ],
    [
      'says nothing of certificates if it is local',
      { caBundle: 'YWJj', insecureSkipTLSVerify: true },
      [
        'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
        'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
      ],
    ],
    [
      'names a service wholly',
      { service: { port: 70_000 } },
      [
        'spec.service.namespace: Required value',
        'spec.service.name: Required value',
        'spec.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive',
      ],
    ],
    [
      'checks a certificate, or does not',
      { service, caBundle: 'YWJj', insecureSkipTLSVerify: true },
      ['spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present'],
    ],
  ];
  for (const [what, spec, expected] of cases) it(what, () => assert.deepEqual(ofSpec(spec), expected));

  it('has a group and a version that can be', () => {
    const [group = '', version = '', ...rest] = ofSpec({ group: 'A', version: '1' });
    assert.match(group, /^spec\.group: Invalid value: "A": a lowercase RFC 1123 subdomain/);
    assert.match(version, /^spec\.version: Invalid value: "1": a DNS-1035 label/);
    assert.deepEqual(rest, []);
  });
});

describe('the name of an APIService', () => {
  const must = 'must be `spec.version+"."+spec.group`: "v1.a.example"';

  it('is that of what it registers', () =>
    assert.deepEqual(messagesOf({ metadata: { name: 'v2.a.example' }, spec: local }), [
      `metadata.name: Invalid value: "v2.a.example": ${must}`,
    ]));

  it('is not generated', () =>
    assert.deepEqual(messagesOf({ metadata: { generateName: 'v1.', name: 'v1.b' }, spec: local }), [
      `metadata.generateName: Invalid value: "v1.": ${must}`,
      `metadata.name: Invalid value: "v1.b": ${must}`,
    ]));

  it('is left to others where it does not fit into a URL', () =>
    assert.deepEqual(messagesOf({ metadata: { name: 'a/b' }, spec: local }), []));
});

describe('an APIService', () => {
  it('asks its service at the port for TLS', () => {
    const object: APIService = { spec: { ...local, service: { ...service } } };
    apiServiceKind.strategy.setDefaults?.(object);
    assert.equal(object.spec?.service?.port, 443);
  });

  it('is decoded by its definition', () => {
    assert.throws(() => decode(apiServiceKind.schema, { spec: { service: 'a' } }));
    assert.throws(() => decode(apiServiceKind.schema, { spec: { caBundle: '?' } }));
    const { object } = decode(apiServiceKind.schema, { spec: { version: 'v1' } });
    assert.equal(messagesOf({ ...object, metadata: { name: 'v1.' } }).length, 2);
  });

  it('is available from the first moment if it is local', () => {
    const condition = {
      type: 'Available',
      status: 'True',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      reason: 'Local',
      message: 'Local APIServices are always available',
    };
    const sent = { conditions: [{ type: 'Available', status: 'False' }] };
    const own = { ...stored(local), status: sent };
    apiServiceKind.strategy.prepareForCreate?.(own, { now: 0 });
    assert.deepEqual(own.status, { conditions: [condition] });
    const remote = { ...stored({ ...local, service }), status: sent };
    apiServiceKind.strategy.prepareForCreate?.(remote, { now: 0 });
    assert.equal(remote.status, undefined);
  });

  it('keeps its status when its specification is written, and all but it when its status is', () => {
    const previous = stored(local, [{ type: 'Available', status: 'True' }]);
    const next = (): Stored<APIService> => {
      const object = stored({ ...local, versionPriority: 5 }, []);
      object.metadata.labels = { new: 'label' };
      return object;
    };
    const main = next();
    apiServiceKind.strategy.prepareForUpdate?.(main, previous, { isUpdate: true, now: 0 });
    assert.deepEqual(main, { ...next(), status: previous.status });
    const status = next();
    apiServiceKind.strategy.prepareForUpdate?.(status, previous, { isUpdate: true, subresource: 'status', now: 0 });
    assert.deepEqual(status, { ...previous, status: next().status });
  });

  it('has conditions that are so, or not, or nobody knows', () =>
    assert.deepEqual(messagesOf(stored(local, [{ type: 'Available', status: 'Perhaps' }]), 'status'), [
      'status.conditions[0].status: Unsupported value: "Perhaps": supported values: "True", "False", "Unknown"',
    ]));

  it('shows in a table who serves it', () => {
    const cellsOf = (object: Stored<APIService>) =>
      apiServiceKind.columns.map((column) => column.cell(object, Date.parse('2026-01-01T00:01:00Z')));
    const available = (status: string, reason?: string) => [{ type: 'Available', status, ...(reason && { reason }) }];
    assert.deepEqual(
      apiServiceKind.columns.map(({ name }) => name),
      ['Name', 'Service', 'Available', 'Age'],
    );
    assert.deepEqual(cellsOf(stored(local, available('True', 'Local'))), ['v1.a.example', 'Local', 'True', '60s']);
    const remote = { ...local, service };
    assert.deepEqual(cellsOf(stored(remote)), ['v1.a.example', 'a/b', 'Unknown', '60s']);
    assert.equal(cellsOf(stored(remote, available('False', 'MissingEndpoints')))[2], 'False (MissingEndpoints)');
    assert.equal(cellsOf(stored(remote, available('False')))[2], 'False');
  });
});

function stored(spec: APIServiceSpec, conditions?: APIServiceCondition[]): Stored<APIService> {
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1.a.example', uid: 'a', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec,
    ...(conditions && { status: { conditions } }),
  };
}
