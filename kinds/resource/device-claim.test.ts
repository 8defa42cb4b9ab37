import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeviceRequest, ResourceClaim, ResourceClaimTemplate } from '../../api/types/resource/v1.ts';
import { FieldErrors } from '../../machinery/field-errors.ts';
import { resourceClaimKind } from './resource-claim.ts';
import { resourceClaimTemplateKind } from './resource-claim-template.ts';

const claimOf = (...requests: object[]): ResourceClaim => ({
  metadata: { name: 'a' },
  spec: { devices: { requests: requests as DeviceRequest[] } },
});

function mistakesOf(claim: ResourceClaim): string[] {
  const errors = new FieldErrors();
  resourceClaimKind.strategy.setDefaults?.(claim);
  resourceClaimKind.strategy.validate?.(claim, errors, {});
  return errors.list.map(({ field, message }) => `${field}: ${message}`);
}

describe('claims of devices', () => {
  it('get the defaults of upstream', () => {
    const claim = claimOf(
      { name: 'a', exactly: { deviceClassName: 'gpu', tolerations: [{ key: 'x' }] } },
      { name: 'b', firstAvailable: [{ name: 'c', deviceClassName: 'gpu' }] },
      { name: 'd', exactly: { deviceClassName: 'gpu', allocationMode: 'All' } },
    );
    assert.deepEqual(mistakesOf(claim), []);
    assert.deepEqual(claim.spec.devices?.requests, [
      {
        name: 'a',
        exactly: {
          deviceClassName: 'gpu',
          tolerations: [{ key: 'x', operator: 'Equal' }],
          allocationMode: 'ExactCount',
          count: 1,
        },
      },
      { name: 'b', firstAvailable: [{ name: 'c', deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1 }] },
      { name: 'd', exactly: { deviceClassName: 'gpu', allocationMode: 'All' } },
    ]);
  });

  it('so do templates', () => {
    const template: ResourceClaimTemplate = {
      metadata: { name: 'a' },
      spec: { spec: { devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'gpu' } }] } } },
    };
    resourceClaimTemplateKind.strategy.setDefaults?.(template);
    assert.deepEqual(template.spec.spec.devices?.requests?.[0]?.exactly, {
      deviceClassName: 'gpu',
      allocationMode: 'ExactCount',
      count: 1,
    });
  });

  const place = 'spec.devices.requests[0]';
  const exact = (wish: object) => ({ name: 'a', exactly: { deviceClassName: 'gpu', ...wish } });
  const cases: [what: string, request: object, mistake: string][] = [
    ['another mode', exact({ allocationMode: 'Some' }), `.exactly.allocationMode: Unsupported value: "Some"`],
    ['a count below one', exact({ count: -1 }), '.exactly.count: Invalid value: -1: must be greater than zero'],
    ['a count of all', exact({ allocationMode: 'All', count: 2 }), '.exactly.count: Invalid value: 2: must not be'],
    ['no class', { name: 'a', exactly: {} }, '.exactly.deviceClassName: Required value'],
    ['no wish', { name: 'a' }, ': Required value: exactly one of'],
    [
      'two wishes',
      { ...exact({}), firstAvailable: [{ name: 'b', deviceClassName: 'gpu' }] },
      ': Invalid value: null: exactly one of',
    ],
    ['a selector of nothing', exact({ selectors: [{}] }), '.exactly.selectors[0].cel: Required value'],
    [
      'a value that is not asked for',
      exact({ tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] }),
      '.exactly.tolerations[0].value: Invalid value: "b": must be empty',
    ],
    [
      'two alternatives of one name',
      { name: 'a', firstAvailable: [1, 2].map(() => ({ name: 'b', deviceClassName: 'gpu' })) },
      '.firstAvailable[1]: Duplicate value: "b"',
    ],
  ];
  for (const [what, request, mistake] of cases) {
    it(`${what} is refused`, () => {
      const [first, ...others] = mistakesOf(claimOf(request));
      assert.ok(first?.startsWith(place + mistake), first);
      assert.deepEqual(others, []);
    });
  }
});
