import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Asked, computeDifferences, computeDisturbances, nothingStruck, type Struck } from './differences.ts';
import { infraName, type Observation, type ObservedContainer, type ObservedPod } from './observation.ts';

const asked: Asked = { pods: new Set(['alone']), replicas: new Map([['web', 1]]), served: 'web' };

function pod(name: string, changes: Partial<ObservedPod> = {}): ObservedPod {
  return {
    ...{ uid: `uid-${name}`, name, controller: undefined, phase: 'Running', isReady: true, readySince: 'then' },
    ...{ isTerminating: false, address: `address-${name}` },
    containers: [{ name: 'main', restartCount: 0, id: `${name}-main` }],
    ...changes,
  };
}

function container(podName: string, name: string, changes: Partial<ObservedContainer> = {}): ObservedContainer {
  return { id: `${podName}-${name}`, podUid: `uid-${podName}`, podName, name, isRunning: true, ...changes };
}

const web = pod('web-1', { controller: 'web' });
const containers = ['alone', 'web-1'].flatMap((name) => [container(name, infraName), container(name, 'main')]);
const settled: Observation = {
  isNodeReady: true,
  pods: [pod('alone'), web],
  containers,
  readyReplicas: new Map([['web', 1]]),
  endpoints: ['address-web-1'],
};

describe('computeDifferences', () => {
  const cases: readonly (readonly [what: string, observed: Partial<Observation>, wanted: readonly string[]])[] = [
    ['nothing when all is as asked', {}, []],
    ['a node that is not ready', { isNodeReady: false }, ['the node is not Ready']],
    [
      'a pod that was lost, and its containers that were not',
      { pods: [web] },
      ['lost: pod alone', 'orphan: POD of alone, running', 'orphan: main of alone, running'],
    ],
    [
      'a pod that was deleted and is there',
      { pods: [pod('alone'), web, pod('old', { isTerminating: true })] },
      ['nobody asked for pod old', 'pod old is terminating'],
    ],
    [
      'a controller with too few pods',
      { pods: [pod('alone')], readyReplicas: new Map([['web', 0]]), containers: containers.slice(0, 2), endpoints: [] },
      ['web has 0 pods instead of 1', 'web counts 0 ready pods instead of 1'],
    ],
    ['a controller that was lost', { readyReplicas: new Map() }, ['lost: replication controller web']],
    ['a pod that is not ready', { pods: [pod('alone', { isReady: false }), web] }, ['pod alone is Running, not ready']],
    [
      'a twin of a container',
      { containers: [...containers, container('alone', 'main', { id: 'twin' })] },
      ['doubled: main of alone runs 2 times'],
    ],
    [
      'a second sandbox',
      { containers: [...containers, container('alone', infraName, { id: 'twin' })] },
      ['doubled: POD of alone runs 2 times'],
    ],
    [
      'a container that does not run',
      { containers: containers.map((one) => (one.id === 'alone-main' ? { ...one, isRunning: false } : one)) },
      ['main of alone does not run'],
    ],
    [
      'nothing for one that ended before',
      { containers: [...containers, container('alone', 'main', { id: 'x', isRunning: false })] },
      [],
    ],
    [
      'what is left of a pod that is gone',
      { containers: [...containers, container('gone', 'main', { isRunning: false })] },
      ['orphan: main of gone, ended'],
    ],
    [
      'a status that names another container',
      { containers: containers.map((one) => (one.id === 'alone-main' ? { ...one, id: 'other' } : one)) },
      ['the status of main of alone names a container that is gone'],
    ],
    [
      'a Service that sends elsewhere',
      { endpoints: ['address-web-0'] },
      ['the Service sends to address-web-0 instead of address-web-1'],
    ],
  ];
  for (const [what, observed, wanted] of cases) {
    it(`names ${what}`, () => assert.deepEqual(computeDifferences(asked, { ...settled, ...observed }), wanted));
  }
});

describe('computeDisturbances', () => {
  const after = (changes: Partial<ObservedPod>): Observation => ({ ...settled, pods: [pod('alone', changes), web] });
  const restarted = { containers: [{ name: 'main', restartCount: 1, id: 'new' }] };
  const struckPod: Struck = { pods: new Set(['uid-alone']), containers: new Set() };
  const struckContainer: Struck = { pods: new Set(), containers: new Set(['alone-main']) };
  const cases: readonly (readonly [
    what: string,
    struck: Struck,
    changes: Partial<ObservedPod>,
    wanted: readonly string[],
  ])[] = [
    ['nothing when nothing happened', nothingStruck, {}, []],
    ['a restart that nobody caused', nothingStruck, restarted, ['main of alone was restarted 1 times instead of 0']],
    [
      'a container that was replaced and not counted',
      nothingStruck,
      { containers: [{ name: 'main', restartCount: 0, id: 'new' }] },
      ['main of alone was replaced by another container'],
    ],
    ['a readiness that came and went', nothingStruck, { readySince: 'now' }, ['the readiness of alone changed at now']],
    ['no restart of a container that was killed', struckContainer, { ...restarted, readySince: 'now' }, []],
    ['no restart of a pod that was killed', struckPod, { ...restarted, readySince: 'now' }, []],
    ['no restart when everything was killed', { pods: 'all', containers: new Set() }, restarted, []],
    [
      'a second restart of a container that was killed once',
      struckContainer,
      { containers: [{ name: 'main', restartCount: 2, id: 'new' }] },
      ['main of alone was restarted 2 times instead of 1'],
    ],
  ];
  for (const [what, struck, changes, wanted] of cases) {
    it(`names ${what}`, () => assert.deepEqual(computeDisturbances(settled, after(changes), struck), wanted));
  }

  it('says nothing of a pod that is gone', () => {
    assert.deepEqual(computeDisturbances(settled, { ...settled, pods: [web] }, nothingStruck), []);
  });

  it('names restarts that were forgotten', () => {
    const before = after({ containers: [{ name: 'main', restartCount: 3, id: 'alone-main' }] });
    assert.deepEqual(computeDisturbances(before, settled, nothingStruck), [
      'main of alone forgot its restarts: 0 after 3',
    ]);
  });
});
