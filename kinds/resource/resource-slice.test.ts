import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ResourceSlice } from '../../api/types/resource/v1.ts';
import { FieldErrors } from '../../machinery/field-errors.ts';
import { resourceSliceKind } from './resource-slice.ts';

describe('slices of devices', () => {
  const pool = { name: 'n', generation: 1, resourceSliceCount: 1 };
  const good = { driver: 'gpu.example.com', nodeName: 'n', pool, devices: [{ name: 'gpu-0' }] };
  const mistakesOf = (slice: object): string[] => {
    const errors = new FieldErrors();
    resourceSliceKind.strategy.validate?.({ metadata: { name: 's' }, ...slice } as ResourceSlice, errors, {});
    return errors.list.map(({ field, message }) => `${field}: ${message}`);
  };
  const place = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';

  it('that are well made are taken', () => assert.deepEqual(mistakesOf({ spec: good }), []));
  const table: readonly [what: string, spec: object | undefined, mistake: string][] = [
    ['nothing', undefined, 'spec.driver: Required value'],
    ['no place', { ...good, nodeName: undefined }, `spec: Required value: ${place}`],
    ['two places', { ...good, allNodes: true }, 'spec: Invalid value: "{nodeName, allNodes}"'],
    [
      'no slices',
      { ...good, pool: { ...pool, resourceSliceCount: 0 } },
      'spec.pool.resourceSliceCount: Invalid value: 0',
    ],
    [
      'one name twice',
      { ...good, devices: [{ name: 'a' }, { name: 'a' }] },
      'spec.devices[1].name: Duplicate value: "a"',
    ],
    [
      'an attribute without a value',
      { ...good, devices: [{ name: 'a', attributes: { x: {} } }] },
      'spec.devices[0].attributes[x]: Required value: exactly one value must be specified',
    ],
  ];
  for (const [what, spec, mistake] of table) {
    it(`${what} is refused`, () => {
      const [first] = mistakesOf({ spec });
      assert.ok(first?.startsWith(mistake), first);
    });
  }
});
