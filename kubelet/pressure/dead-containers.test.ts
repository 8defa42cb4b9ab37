import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerState } from '../runtime/runtime.ts';
import { exited, makeContainer, makeContainerStatus, makePod, running } from '../testing/make-pod.ts';
import { chooseDeadContainers, type DeadContainerPolicy } from './dead-containers.ts';

const terminated = (id: string) => ({ terminated: { exitCode: 0, containerID: `docker://${id}` } });
const pod = makePod(
  { containers: [{ name: 'a' }, { name: 'b' }] },
  {
    status: {
      containerStatuses: [
        makeContainerStatus({ name: 'a', state: { running: {} }, lastState: terminated('a-0') }),
        makeContainerStatus({ name: 'b', state: terminated('b-1'), lastState: terminated('b-0') }),
      ],
    },
  },
);
const dead = (name: string, attempt: number, createdAt: number): ContainerState =>
  makeContainer(pod, exited(0), { name, attempt, createdAt });

const containers = [
  dead('a', 0, 100),
  makeContainer(pod, running, { name: 'a', attempt: 1, createdAt: 900 }),
  dead('b', 0, 200),
  dead('b', 1, 300),
  dead('b', 2, 400), // the API does not know yet
];

const usual: DeadContainerPolicy = { minimumAgeMs: 0, mostPerContainer: 1, most: -1 };
const cases: [string, Partial<DeadContainerPolicy>, string[]][] = [
  ['one of each stays', {}, ['b-0']],
  ['all go', { mostPerContainer: 0 }, ['a-0', 'b-0', 'b-1']],
  ['all stay', { mostPerContainer: -1 }, []],
  ['so many on the node', { most: 1 }, ['a-0', 'b-0']],
  ['young ones stay', { mostPerContainer: 0, minimumAgeMs: 850 }, ['a-0']],
];

describe('chooseDeadContainers', () => {
  for (const [name, policy, expected] of cases)
    it(name, () => {
      const input = {
        containers,
        podOf: (uid: string) => (uid === 'u' ? { pod, isOver: false } : undefined),
        now: 1000,
      };
      assert.deepEqual(chooseDeadContainers(input, { ...usual, ...policy }), expected);
    });

  it('takes all of a pod that is over', () => {
    const input = { containers, podOf: () => ({ pod, isOver: true }), now: 1000 };
    assert.deepEqual(chooseDeadContainers(input, { ...usual, mostPerContainer: 0 }), ['a-0', 'b-0', 'b-1', 'b-2']);
  });

  it('leaves containers of pods that the API does not have', () => {
    const input = { containers, podOf: () => undefined, now: 1000 };
    assert.deepEqual(chooseDeadContainers(input, { ...usual, mostPerContainer: 0 }), []);
  });
});
