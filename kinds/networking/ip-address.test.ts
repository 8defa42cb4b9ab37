import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldErrors } from '../../machinery/field-errors.ts';
import { validateMetadata } from '../validation/metadata-validation.ts';
import { type IPAddress, ipAddressKind } from './ip-address.ts';

type Spec = NonNullable<IPAddress['spec']>;

const parentRef = { resource: 'services', namespace: 'default', name: 'kubernetes' };
const { strategy } = ipAddressKind;

function stored(spec: Spec) {
  const metadata = { name: '10.0.0.1', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress', metadata, spec };
}

const texts = ({ list }: FieldErrors): string[] => list.map(({ field, message }) => `${field}: ${message}`);

describe('the name of an IPAddress', () => {
  const notIp = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
  const table: [name: string, ...messages: string[]][] = [
    ['10.0.0.1'],
    ['2001:db8::1'],
    ['example', notIp],
    ['10.0.0.256', notIp],
    ['010.0.0.1', 'must not have leading 0s'],
    ['::ffff:10.0.0.1', 'must not be an IPv4-mapped IPv6 address'],
    ['2001:DB8::1', 'must be in canonical form ("2001:db8::1")'],
    ['2001:db8:0::1', 'must be in canonical form ("2001:db8::1")'],
  ];
  for (const [name, ...messages] of table) {
    it(`${name} is ${messages.length === 0 ? 'right' : 'wrong'}`, () => {
      const errors = new FieldErrors();
      validateMetadata(ipAddressKind, { metadata: { name } }, errors);
      const expected = messages.map((message) => `metadata.name: Invalid value: "${name}": ${message}`);
      assert.deepEqual(texts(errors), expected);
    });
  }
});

describe('the parent of an IPAddress', () => {
  const table: [what: string, spec: Spec, ...expected: string[]][] = [
    ['one of the core group', { parentRef }],
    ['one without a namespace', { parentRef: { group: 'a.b', resource: 'c', name: 'd' } }],
    ['none', {}, 'spec.parentRef: Required value'],
    ['null', { parentRef: null }, 'spec.parentRef: Required value'],
    [
      'an empty one',
      { parentRef: {} },
      'spec.parentRef.resource: Required value',
      'spec.parentRef.name: Required value',
    ],
    [
      'names that fit into no URL',
      { parentRef: { resource: 'a/b', name: '..', namespace: 'c%' } },
      `spec.parentRef.resource: Invalid value: "a/b": may not contain '/'`,
      `spec.parentRef.name: Invalid value: "..": may not be '..'`,
      `spec.parentRef.namespace: Invalid value: "c%": may not contain '%'`,
    ],
  ];
  for (const [what, spec, ...expected] of table) {
    it(what, () => {
      const errors = new FieldErrors();
      strategy.validate?.({ spec }, errors, {});
      assert.deepEqual(texts(errors), expected);
    });
  }

  it('has a group that is a subdomain', () => {
    const errors = new FieldErrors();
    strategy.validate?.({ spec: { parentRef: { ...parentRef, group: 'A' } } }, errors, {});
    assert.match(texts(errors).join(), /^spec\.parentRef\.group: Invalid value: "A": a lowercase RFC 1123 subdomain/);
  });

  it('stays as it was created', () => {
    const errors = new FieldErrors();
    strategy.validateUpdate?.({ spec: { parentRef: { ...parentRef, group: '' } } }, stored({ parentRef }), errors, {});
    assert.deepEqual(texts(errors), []);
    strategy.validateUpdate?.({ spec: { parentRef: { ...parentRef, name: 'b' } } }, stored({ parentRef }), errors, {});
    assert.deepEqual(texts(errors), [
      'spec.parentRef: Invalid value: {"Group":"","Resource":"services","Namespace":"default","Name":"b"}: field is immutable',
    ]);
  });

  it('is shown in the table', () => {
    const cells = (spec: Spec) => ipAddressKind.columns.slice(0, 2).map((column) => column.cell(stored(spec), 0));
    assert.deepEqual(cells({ parentRef }), ['10.0.0.1', 'services/default/kubernetes']);
    assert.deepEqual(cells({ parentRef: { group: 'a.b', resource: 'c', name: 'd' } }), ['10.0.0.1', 'c.a.b/d']);
    assert.deepEqual(cells({}), ['10.0.0.1', '<none>']);
  });
});
