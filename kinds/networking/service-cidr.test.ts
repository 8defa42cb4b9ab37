import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldErrors } from '../../machinery/field-errors.ts';
import { serviceCidrKind } from './service-cidr.ts';

const { strategy } = serviceCidrKind;
const four = '10.0.0.0/16';
const six = '2001:db8::/64';

const texts = ({ list }: FieldErrors): string[] => list.map(({ field, message }) => `${field}: ${message}`);

function stored(cidrs: string[]) {
  const metadata = { name: 'a', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata, spec: { cidrs } };
}

describe('the networks of a ServiceCIDR', () => {
  const oneEach = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
  const table: [cidrs: string[], ...expected: string[]][] = [
    [[four]],
    [[six]],
    [[six, four]],
    [[], 'spec.cidrs: Required value: at least one CIDR required'],
    [
      [four, six, four],
      `spec.cidrs: Invalid value: {"CIDRs":["${four}","${six}","${four}"]}: may only hold up to 2 values`,
    ],
    [[four, four], `spec.cidrs: Invalid value: {"CIDRs":["${four}","${four}"]}: ${oneEach}`],
    [[four, 'a:b'], `spec.cidrs: Invalid value: {"CIDRs":["${four}","a:b"]}: ${oneEach}`],
    [
      ['10.0.0.0'],
      'spec.cidrs[0]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
    [
      [four, '2001:db8::1/64'],
      'spec.cidrs[1]: Invalid value: "2001:db8::1/64": must not have bits set beyond the prefix length',
    ],
  ];
  for (const [cidrs, ...expected] of table) {
    it(`${JSON.stringify(cidrs)} ${expected.length === 0 ? 'are right' : 'are wrong'}`, () => {
      const errors = new FieldErrors();
      strategy.validate?.({ spec: { cidrs } }, errors, {});
      assert.deepEqual(texts(errors), expected);
    });
  }

  const changes: [previous: string[], next: string[], ...expected: string[]][] = [
    [[four], [four]],
    [[four], [four, six]],
    [[four], ['10.1.0.0/16'], 'spec.cidrs[0]: Invalid value: "10.1.0.0/16": field is immutable'],
    [[four], [six, four], `spec.cidrs[0]: Invalid value: "${six}": field is immutable`],
    [[four, six], [four], `spec.cidrs: Invalid value: ["${four}"]: field is immutable`],
  ];
  for (const [previous, next, ...expected] of changes) {
    it(`${JSON.stringify(previous)} ${expected.length === 0 ? 'may' : 'may not'} become ${JSON.stringify(next)}`, () => {
      const errors = new FieldErrors();
      strategy.validateUpdate?.({ spec: { cidrs: next } }, stored(previous), errors, {});
      assert.deepEqual(texts(errors), expected);
    });
  }

  it('are shown in the table', () => {
    assert.deepEqual(
      serviceCidrKind.columns.slice(0, 2).map((column) => column.cell(stored([four, six]), 0)),
      ['a', `${four},${six}`],
    );
  });
});

it('spec and status of a ServiceCIDR are written apart', () => {
  const previous = { ...stored([four]), status: { conditions: [] } };
  const next = { metadata: { name: 'a' }, spec: { cidrs: [six] }, status: {} };
  strategy.prepareForUpdate?.(next, previous, { subresource: 'status', now: 0 });
  assert.deepEqual(next.spec, { cidrs: [four] });
  strategy.prepareForUpdate?.(next, previous, { now: 0 });
  assert.deepEqual(next.status, { conditions: [] });
});
