import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServiceSpec } from '../../../api/types/core/v1.ts';
import { FieldErrors } from '../../../machinery/field-errors.ts';
import { completeFamilies, keepAllocated } from './service-needs.ts';

const open = { clusterIP: 'None', clusterIPs: ['None'] };

describe('families of a Service', () => {
  const completed: [string, ServiceSpec, Partial<ServiceSpec>][] = [
    ['the one of the cluster', {}, { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }],
    [
      'one address, one family',
      { clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'] },
      { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' },
    ],
    ['two where they can be had', { ipFamilyPolicy: 'PreferDualStack' }, { ipFamilies: ['IPv4'] }],
    ['both without address and pods', open, { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' }],
    [
      'the other one then too',
      { ...open, ipFamilies: ['IPv6'] },
      { ipFamilies: ['IPv6', 'IPv4'], ipFamilyPolicy: 'RequireDualStack' },
    ],
    ['one without address and pods', { ...open, ipFamilyPolicy: 'SingleStack' }, { ipFamilies: ['IPv4'] }],
    ['one with pods', { ...open, selector: { a: 'b' } }, { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }],
    ['none of a name outside', { type: 'ExternalName' }, {}],
  ];
  for (const [what, spec, wanted] of completed) {
    it(`are ${what}`, () => {
      const next = structuredClone(spec);
      const errors = new FieldErrors();
      completeFamilies(next, undefined, errors);
      assert.deepEqual(errors.list, []);
      assert.deepEqual(next, { ...spec, ...wanted });
    });
  }

  const refused: [string, ServiceSpec, [string, string]][] = [
    [
      'an address of another family',
      { clusterIP: 'fd00::1', clusterIPs: ['fd00::1'] },
      ['spec.clusterIPs[0]', 'Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster'],
    ],
    [
      'another family',
      { ipFamilies: ['IPv6'] },
      ['spec.ipFamilies[0]', 'Invalid value: "IPv6": not configured on this cluster'],
    ],
    [
      'both families',
      { ipFamilyPolicy: 'RequireDualStack' },
      [
        'spec.ipFamilyPolicy',
        'Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
      ],
    ],
  ];
  for (const [what, spec, expected] of refused) {
    it(`refuse ${what}`, () => {
      const errors = new FieldErrors();
      completeFamilies(structuredClone(spec), undefined, errors);
      assert.deepEqual(
        errors.list.map(({ field, message }) => [field, message]),
        [expected],
      );
    });
  }

  it('lose the second when one is asked for', () => {
    const next: ServiceSpec = { ...open, ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'SingleStack' };
    const selector = { app: 'x' };
    completeFamilies(
      next,
      { ...next, ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' },
      new FieldErrors(),
    );
    assert.deepEqual(next.ipFamilies, ['IPv4']);
    const shorter: ServiceSpec = { ...open, selector, ipFamilies: ['IPv4'] };
    const errors = new FieldErrors();
    completeFamilies(shorter, { ...open, ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'PreferDualStack' }, errors);
    assert.match(
      errors.list.map(({ message }) => message).join(),
      /must be 'SingleStack' to release the secondary IP family/,
    );
  });

  it('are what they were before where an update says nothing, and one where a new Service says nothing', () => {
    const next: ServiceSpec = { ...open, selector: { app: 'x' } };
    completeFamilies(next, { ...open, ipFamilyPolicy: 'PreferDualStack' }, new FieldErrors());
    assert.equal(next.ipFamilyPolicy, 'PreferDualStack');
    const errors = new FieldErrors();
    completeFamilies({ ...open, selector: { app: 'x' }, ipFamilies: ['IPv4', 'IPv6'] }, undefined, errors);
    assert.match(errors.list.map(({ message }) => message).join(), /when multiple IP families are specified/);
  });
});

describe('what an update keeps', () => {
  const before: ServiceSpec = {
    type: 'NodePort',
    clusterIP: '10.96.0.9',
    clusterIPs: ['10.96.0.9'],
    ports: [
      { name: 'a', port: 80, nodePort: 30_080 },
      { name: 'b', port: 81, nodePort: 30_081 },
    ],
  };
  const nodePorts = (next: ServiceSpec) => {
    keepAllocated(next, before);
    return next.ports?.map(({ nodePort }) => nodePort);
  };

  it('is the address that the client left out', () => {
    const next: ServiceSpec = { type: 'ClusterIP' };
    keepAllocated(next, before);
    assert.deepEqual([next.clusterIP, next.clusterIPs], ['10.96.0.9', ['10.96.0.9']]);
  });

  const table: [string, ServiceSpec, (number | undefined)[]][] = [
    ['ports by their names', { type: 'LoadBalancer', ports: [{ name: 'b', port: 90 }] }, [30_081]],
    [
      'no port that another one asks for',
      {
        type: 'NodePort',
        ports: [
          { name: 'a', port: 80 },
          { name: 'c', port: 82, nodePort: 30_080 },
        ],
      },
      [undefined, 30_080],
    ],
    [
      'no port twice',
      {
        type: 'NodePort',
        ports: [
          { name: 'a', port: 80 },
          { name: 'a', port: 82 },
        ],
      },
      [30_080, undefined],
    ],
    [
      'no port where none is given out',
      { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ name: 'a', port: 80 }] },
      [undefined],
    ],
  ];
  for (const [what, next, expected] of table) it(`is ${what}`, () => assert.deepEqual(nodePorts(next), expected));
});
