/** Lists that cost every node, or the scheduler, are bounded. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Affinity, PodAffinityTerm, ServiceSpec } from '../api/types/core/v1.ts';
import { FieldErrors, FieldPath } from '../machinery/field-errors.ts';
import { validateEndpoints } from './core/services/endpoints.ts';
import { validateService } from './core/services/service-validation.ts';
import { validateAffinity } from './workloads/pod-spec/placement.ts';

type Found = readonly string[];
const tooMany = (errors: FieldErrors): Found =>
  errors.list.filter(({ reason }) => reason === 'FieldValueTooMany').map(({ message }) => message);

const addresses = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `192.0.${index >> 8}.${index & 255}`);
const ports = (count: number): NonNullable<ServiceSpec['ports']> =>
  Array.from({ length: count }, (_, index) => ({ name: `p${index}`, port: index + 1, protocol: 'TCP' }));

function ofService(spec: ServiceSpec): Found {
  const errors = new FieldErrors();
  validateService({ spec: { type: 'LoadBalancer', ...spec } }, errors);
  return tooMany(errors);
}

function ofAffinity(affinity: Affinity): Found {
  const errors = new FieldErrors();
  validateAffinity(affinity, FieldPath.of('spec').child('affinity'), errors);
  return tooMany(errors);
}

describe('lists that others pay for', () => {
  it('are bounded in a Service', () => {
    assert.deepEqual(ofService({ ports: ports(10), externalIPs: addresses(1_000) }), []);
    assert.deepEqual(ofService({ ports: ports(1), externalIPs: addresses(60_000) }), [
      'Too many: 60000: must have at most 1000 items',
    ]);
    assert.deepEqual(ofService({ ports: ports(100), externalIPs: addresses(101) }), [
      'Too many: 101: must have at most 100 items',
    ]);
    const ranges = addresses(1_001).map((address) => `${address}/32`);
    assert.deepEqual(ofService({ ports: ports(1_001), loadBalancerSourceRanges: ranges }), [
      'Too many: 1001: must have at most 1000 items',
      'Too many: 1001: must have at most 1000 items',
    ]);
  });

  it('are bounded in an Endpoints', () => {
    const check = (count: number): Found => {
      const errors = new FieldErrors();
      const subsets = [{ addresses: addresses(count).map((ip) => ({ ip })), ports: [{ port: 80, protocol: 'TCP' }] }];
      validateEndpoints({ subsets }, errors);
      return tooMany(errors);
    };
    assert.deepEqual(check(5_000), []);
    assert.deepEqual(check(5_001), ['Too many: 5001: must have at most 5000 items']);
  });

  it('are bounded in the affinity of a pod', () => {
    const term: PodAffinityTerm = { topologyKey: 'kubernetes.io/hostname' };
    const terms = (count: number) => Array.from({ length: count }, () => term);
    const required = (count: number) => ({ requiredDuringSchedulingIgnoredDuringExecution: terms(count) });
    assert.deepEqual(ofAffinity({ podAffinity: required(250) }), []);
    assert.deepEqual(ofAffinity({ podAntiAffinity: required(8_000) }), ['Too many: 8000: must have at most 250 items']);
  });
});
