import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod, type PodSpec, podOf } from '../testing/make-pod.ts';
import { computePodRefusal, type NodeAbilities } from './pod-refusal.ts';
import { parseAllowedSysctls } from './sysctls.ts';

const runtimeDefault = { appArmorProfile: { type: 'RuntimeDefault' } };
const unconfined = { appArmorProfile: { type: 'Unconfined' } };

describe('computePodRefusal', () => {
  const allowedSysctls = parseAllowedSysctls([]);
  const poor: NodeAbilities = { allowedSysctls, hasAppArmor: false, enforcesPodResources: () => false };
  const reasonOf = (spec: Partial<PodSpec>, abilities: Partial<NodeAbilities> = {}) =>
    computePodRefusal(makePod(spec), { ...poor, ...abilities })?.reason;

  const cases: readonly (readonly [string, Partial<PodSpec>, string | undefined])[] = [
    ['nothing special', {}, undefined],
    [
      'a sysctl of the machine',
      { securityContext: { sysctls: [{ name: 'vm.swappiness', value: '1' }] } },
      'SysctlForbidden',
    ],
    ['users of its own', { hostUsers: false }, 'UserNamespacesNotSupported'],
    ['the users of the host', { hostUsers: true }, undefined],
    ['limits of the whole pod', { resources: { limits: { memory: '1Gi' } } }, 'PodLevelResourcesNotSupported'],
    ['requests of the whole pod', { resources: { requests: { cpu: '1' } } }, 'PodLevelResourcesNotSupported'],
    ['empty resources', { resources: { limits: {} } }, undefined],
    ['an AppArmor profile', { securityContext: runtimeDefault }, 'AppArmor'],
    ['no confinement by AppArmor', { securityContext: unconfined }, undefined],
  ];
  for (const [what, spec, reason] of cases)
    it(`${reason ?? 'nothing'} for ${what}`, () => assert.equal(reasonOf(spec), reason));

  it('counts the profile of a container before that of its pod', () => {
    const own = podOf({ securityContext: runtimeDefault }, { securityContext: unconfined });
    const message = 'Cannot enforce AppArmor: AppArmor is not enabled on the host';
    assert.deepEqual(computePodRefusal(own, poor), { reason: 'AppArmor', message });
    const without = podOf({ securityContext: unconfined }, { securityContext: runtimeDefault });
    assert.equal(computePodRefusal(without, poor), undefined);
  });

  it('takes resources of the whole pod where they are enforced', () => {
    const abilities = { enforcesPodResources: () => true };
    assert.equal(reasonOf({ resources: { limits: { memory: '1Gi' } } }, abilities), undefined);
  });

  it('takes AppArmor profiles where they are enforced', () => {
    assert.equal(reasonOf({ securityContext: runtimeDefault }, { hasAppArmor: true }), undefined);
  });
});
