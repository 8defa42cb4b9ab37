import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AllocatedResources, PodObject } from '../model/pod.ts';
import {
  containerIn,
  makeContainer,
  makeContainerStatus,
  makePod,
  observedWith,
  podOf,
  running,
} from '../testing/make-pod.ts';
import {
  allocatedPodResourcesOf,
  allocatedResourcesOf,
  computePodResize,
  computeResizes,
  withAllocated,
  withAllocatedResources,
  withResized,
} from './allocated-resources.ts';

const podWith = (resources: AllocatedResources, shown?: AllocatedResources): PodObject =>
  makePod(
    { containers: [{ name: 'a', image: 'i', resources }] },
    shown && {
      status: { containerStatuses: [makeContainerStatus({ containerID: 'docker://a-0', resources: shown })] },
    },
  );
/** The container runs with what it was given, as its annotation has it. */
const runningWith = (pod: PodObject, given?: AllocatedResources) =>
  observedWith(makeContainer(pod, running, given ? { annotations: { resources: JSON.stringify(given) } } : {}));

describe('what a container was given', () => {
  const wanted = { requests: { cpu: '2' } };
  const given = { requests: { cpu: '1' } };
  const pod = podWith(wanted);

  it('is what it asks for before it is made', () => {
    assert.deepEqual(allocatedResourcesOf(containerIn(pod), pod, observedWith()), wanted);
  });

  it('stays what it was when it was made', () => {
    const observed = runningWith(pod, given);
    assert.deepEqual(allocatedResourcesOf(containerIn(pod), pod, observed), given);
    assert.deepEqual(withAllocatedResources(containerIn(pod), pod, observed).spec.resources, given);
  });

  it('is what the API shows of a container that does not say it itself', () => {
    const shown = podWith(wanted, given);
    assert.deepEqual(allocatedResourcesOf(containerIn(shown), shown, runningWith(shown)), given);
    // That was another container: one that is not made yet gets what is asked for.
    assert.deepEqual(allocatedResourcesOf(containerIn(shown), shown, observedWith()), wanted);
  });
});

describe('computeResizes', () => {
  const cases: readonly [wanted: AllocatedResources, given: AllocatedResources, resized: boolean][] = [
    [{}, {}, false],
    [{ requests: { cpu: '1' } }, { requests: { cpu: '1000m' } }, false],
    [{ requests: { cpu: '2' } }, { requests: { cpu: '1' } }, true],
    [{ limits: { memory: '1Gi' } }, { limits: { memory: '1024Mi' } }, false],
    [{ limits: { memory: '2Gi' } }, { limits: { memory: '1Gi' } }, true],
    [{ limits: { cpu: '1' } }, { limits: { cpu: '1' }, requests: { cpu: '1' } }, false],
    [{ requests: { cpu: '1' } }, { requests: { cpu: '1' }, limits: { cpu: '1' } }, true],
    [{}, { requests: { cpu: '1' } }, true],
  ];
  for (const [wanted, given, resized] of cases)
    it(`${JSON.stringify(wanted)} with ${JSON.stringify(given)}: ${resized}`, () => {
      const pod = podWith(wanted);
      const resizes = computeResizes(pod, runningWith(pod, given));
      assert.deepEqual(
        resizes.map(({ resources, restarts }) => [resources, restarts]),
        resized ? [[wanted, false]] : [],
      );
    });

  it('is nothing before anything was made', () => {
    assert.deepEqual(computeResizes(podWith({ requests: { cpu: '2' } }), observedWith()), []);
  });

  it('is nothing once it was done, also by a kubelet before this one', () => {
    const [wanted, given] = [{ requests: { cpu: '2' } }, { requests: { cpu: '1' } }];
    const pod = podWith(wanted);
    const observed = withResized(runningWith(pod, given), new Map([['a-0', wanted]]));
    assert.deepEqual(computeResizes(pod, observed), []);
    const shown = podWith(wanted, wanted);
    assert.deepEqual(computeResizes(shown, runningWith(shown, given)), []);
  });

  it('makes a container anew where the changed resource asks for that', () => {
    const restartsFor = (resourceName: string) => {
      const resizePolicy = [{ resourceName, restartPolicy: 'RestartContainer' }];
      const pod = podOf({ resources: { requests: { cpu: '2' } }, resizePolicy });
      return computeResizes(pod, runningWith(pod, { requests: { cpu: '1' } })).map(({ restarts }) => restarts);
    };
    assert.deepEqual([restartsFor('cpu'), restartsFor('memory')], [[true], [false]]);
  });
});

describe('what a pod as a whole was given', () => {
  const wanted = { limits: { cpu: '2' }, requests: { cpu: '1' } };
  const shown = { limits: { cpu: '1' }, requests: { cpu: '1' } };
  const resized = { limits: { cpu: '3' }, requests: { cpu: '1' } };
  const fresh = makePod({ resources: wanted });
  const known = makePod({ resources: wanted }, { status: { resources: shown } });

  it('is nothing where it asks for nothing', () =>
    assert.equal(allocatedPodResourcesOf(makePod(), resized), undefined));

  const cases: readonly [words: string, pod: PodObject, resized: AllocatedResources | undefined, AllocatedResources][] =
    [
      ['what it asks for before it was given anything', fresh, undefined, wanted],
      ['what its status has of a kubelet before this one', known, undefined, shown],
      ['what this kubelet gave it last', known, resized, resized],
    ];
  for (const [words, pod, given, allocated] of cases)
    it(`is ${words}`, () => {
      assert.deepEqual(allocatedPodResourcesOf(pod, given), allocated);
      assert.deepEqual(withAllocated(pod, observedWith(), given).spec?.resources, allocated);
      assert.deepEqual(computePodResize(pod, given), allocated === wanted ? undefined : wanted);
    });
});
