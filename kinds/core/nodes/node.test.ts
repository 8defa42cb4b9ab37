import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Node } from '../../../api/types/core/v1.ts';
import { FieldErrors } from '../../../machinery/field-errors.ts';
import { nodeKind } from './node.ts';

describe('an update of a Node', () => {
  const address = { type: 'InternalIP', address: '10.0.0.9' };
  const cases: [string, Node, Node, string[]][] = [
    [
      'names an address once',
      {},
      { status: { addresses: [address, { type: 'ExternalIP', address: '10.0.0.9' }, address] } },
      ['status.addresses[2]: Duplicate value: {"Type":"InternalIP","Address":"10.0.0.9"}'],
    ],
    [
      'keeps the blocks of the pods',
      { spec: { podCIDRs: ['10.1.0.0/24'] } },
      { spec: { podCIDRs: ['10.2.0.0/24'] } },
      ['spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'],
    ],
    ['gives it a provider once', { spec: {} }, { spec: { providerID: 'a://b' } }, []],
    [
      'keeps the provider',
      { spec: { providerID: 'a://b' } },
      { spec: {} },
      ['spec.providerID: Forbidden: node updates may not change providerID except from "" to valid'],
    ],
  ];
  for (const [what, before, next, expected] of cases) {
    it(what, () => {
      const errors = new FieldErrors();
      const metadata = { name: 'n' };
      nodeKind.strategy.validateUpdate?.(
        { metadata, ...next } as never,
        { metadata, ...before } as never,
        errors,
        {} as never,
      );
      assert.deepEqual(
        errors.list.map(({ field, message }) => `${field}: ${message}`),
        expected,
      );
    });
  }
});
