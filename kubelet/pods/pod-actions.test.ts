import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container } from '../../api/types/core/v1.ts';
import { containersOf, type ObservedPod, type PodObject, specHashOf } from '../model/pod.ts';
import type { StopReason } from '../model/stop-reason.ts';
import type { ContainerRunState, ContainerState, SandboxState } from '../runtime/runtime.ts';
import { computePodActions, isFinished, nothingRuns, type PodContext } from './pod-actions.ts';

const pod = (spec: Partial<NonNullable<PodObject['spec']>> = {}): PodObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  spec: { containers: [{ name: 'a', image: 'i' }], restartPolicy: 'Always', ...spec },
});

const sandbox = (running = true): SandboxState => ({
  id: 'sandbox',
  pod: { namespace: 'default', name: 'p', uid: 'u' },
  attempt: 0,
  running,
  createdAt: 0,
});

const running: ContainerRunState = { type: 'running', startedAt: 1 };
const exited = (exitCode: number): ContainerRunState => ({
  type: 'exited',
  exitCode,
  startedAt: 1,
  finishedAt: 2,
  outOfMemory: false,
});

function container(of: PodObject, name: string, status: ContainerRunState, attempt = 0): ContainerState {
  const found = containersOf(of).find(({ spec }) => spec.name === name);
  assert(found !== undefined);
  return {
    id: `${name}-${attempt}`,
    pod: { namespace: 'default', name: 'p', uid: 'u' },
    name,
    kind: found.kind,
    attempt,
    specHash: specHashOf(found),
    sandboxId: 'sandbox',
    imageName: 'i',
    imageId: 'i',
    annotations: {},
    createdAt: 0,
    status,
  };
}

interface Overrides {
  readonly ending?: boolean;
  readonly stopReasons?: ReadonlyMap<string, StopReason>;
  readonly started?: boolean;
  readonly volumesDue?: boolean;
  readonly leftMs?: number;
}

const context = ({
  ending = false,
  stopReasons = new Map(),
  volumesDue = false,
  started = true,
  leftMs = 0,
}: Overrides = {}): PodContext => ({
  ending,
  stopReasons,
  volumesDue,
  resizes: [],
  isStarted: () => started,
  backOffOf: () => ({ waitMs: 10_000, leftMs, nextStartAt: 0 }),
});

const decide = (of: PodObject, observed: ObservedPod, overrides?: Overrides): string[] =>
  computePodActions(of, observed, context(overrides)).map((action) =>
    [action.type, ...('name' in action ? [action.name] : []), ...('attempt' in action ? [action.attempt] : [])].join(
      ' ',
    ),
  );

const withInit = (restartPolicy = 'Always'): PodObject =>
  pod({
    restartPolicy,
    initContainers: [
      { name: 'first', image: 'i' },
      { name: 'second', image: 'i' },
    ],
  });
const sidecar = { name: 's', image: 'i', restartPolicy: 'Always' } as Container;

describe('computePodActions', () => {
  it('makes a sandbox and all main containers of a new pod in one go', () => {
    const two = pod({ containers: [{ name: 'a' }, { name: 'b' }] });
    const nothing = { sandboxes: [], containers: [] };
    assert.deepEqual(decide(two, nothing), ['createSandbox 0', 'startContainer a 0', 'startContainer b 0']);
  });

  it('does nothing while all is well', () => {
    const one = pod();
    assert.deepEqual(decide(one, { sandboxes: [sandbox()], containers: [container(one, 'a', running)] }), []);
  });

  for (const { policy, exitCode, wanted } of [
    { policy: 'Always', exitCode: 0, wanted: ['startContainer a 1'] },
    { policy: 'Always', exitCode: 1, wanted: ['startContainer a 1'] },
    { policy: 'OnFailure', exitCode: 1, wanted: ['startContainer a 1'] },
    { policy: 'OnFailure', exitCode: 0, wanted: ['stopSandbox'] },
    { policy: 'Never', exitCode: 1, wanted: ['stopSandbox'] },
  ])
    it(`after exit code ${exitCode} under ${policy}: ${wanted}`, () => {
      const one = pod({ restartPolicy: policy });
      const observed = { sandboxes: [sandbox()], containers: [container(one, 'a', exited(exitCode))] };
      assert.deepEqual(decide(one, observed), wanted);
    });

  it('waits for the back-off', () => {
    const one = pod();
    const observed = { sandboxes: [sandbox()], containers: [container(one, 'a', exited(1))] };
    assert.deepEqual(decide(one, observed, { leftMs: 5_000 }), ['backOff a']);
  });

  it('starts what a dead kubelet only created', () => {
    const one = pod();
    const observed = { sandboxes: [sandbox()], containers: [container(one, 'a', { type: 'created' }, 2)] };
    assert.deepEqual(decide(one, observed), ['startContainer a 2']);
  });

  it('knows a pod that has finished, also while its sidecars and its sandbox still run', () => {
    const one = pod({ restartPolicy: 'Never', initContainers: [sidecar] });
    const finished = (status: ContainerState['status']) => {
      const containers = [container(one, 's', running), container(one, 'a', status)];
      return isFinished(one, { sandboxes: [sandbox()], containers }, context());
    };
    assert.deepEqual([running, exited(1), exited(0)].map(finished), [false, true, true]);
  });

  it('runs init containers one after the other', () => {
    const two = withInit();
    const after = (...containers: ContainerState[]) => decide(two, { sandboxes: [sandbox()], containers });
    assert.deepEqual(after(), ['startContainer first 0']);
    assert.deepEqual(after(container(two, 'first', running)), []);
    assert.deepEqual(after(container(two, 'first', exited(0))), ['startContainer second 0']);
    const done = [container(two, 'first', exited(0)), container(two, 'second', exited(0))];
    assert.deepEqual(after(...done), ['startContainer a 0']);
  });

  it('ends a Never pod whose init container failed', () => {
    const two = withInit('Never');
    const observed = { sandboxes: [sandbox()], containers: [container(two, 'first', exited(5))] };
    assert.deepEqual(decide(two, observed), ['stopSandbox']);
  });

  it('does not repeat init containers once a main one was made', () => {
    const two = withInit();
    const observed = { sandboxes: [sandbox()], containers: [container(two, 'a', exited(1))] };
    assert.deepEqual(decide(two, observed), ['startContainer a 1']);
  });

  it('goes on past a sidecar only once it has started', () => {
    const one = pod({ initContainers: [sidecar] });
    const observed = { sandboxes: [sandbox()], containers: [container(one, 's', running)] };
    assert.deepEqual(decide(one, observed, { started: false }), []);
    assert.deepEqual(decide(one, observed), ['startContainer a 0']);
  });

  it('replaces a sandbox that died, after ending what still runs of it', () => {
    const one = pod();
    const dead = sandbox(false);
    const stillRuns = { sandboxes: [dead], containers: [container(one, 'a', running)] };
    assert.deepEqual(decide(one, stillRuns), ['removeSandbox', 'stopContainer a']);
    const ended = { sandboxes: [], containers: [container(one, 'a', exited(137))] };
    assert.deepEqual(decide(one, ended), ['createSandbox 0', 'startContainer a 1']);
  });

  it('stops a container that failed a probe or was changed', () => {
    const one = pod();
    const observed = { sandboxes: [sandbox()], containers: [container(one, 'a', running)] };
    assert.deepEqual(decide(one, observed, { stopReasons: new Map([['a-0', 'LivenessProbeFailed']]) }), [
      'stopContainer a',
    ]);
    const changed = pod({ containers: [{ name: 'a', image: 'other' }] });
    assert.deepEqual(decide(changed, observed), ['stopContainer a']);
  });

  it('ends main containers, then sidecars from the last, then the sandbox', () => {
    const last = { ...sidecar, name: 't' } as Container;
    const one = pod({ initContainers: [sidecar, last] });
    const all = ['a', 's', 't'].map((name) => container(one, name, running));
    const without = (...ended: string[]) => all.filter(({ name }) => !ended.includes(name));
    const ending = (containers: ContainerState[]) =>
      decide(one, { sandboxes: [sandbox()], containers }, { ending: true });
    assert.deepEqual(ending(all), ['stopContainer a']);
    assert.deepEqual(ending(without('a')), ['stopContainer t']);
    assert.deepEqual(ending(without('a', 't')), ['stopContainer s']);
    assert.deepEqual(ending([]), ['stopSandbox']);
    assert.equal(nothingRuns({ sandboxes: [sandbox()], containers: [] }), false);
    assert.equal(nothingRuns({ sandboxes: [sandbox(false)], containers: all }), false);
    assert.equal(nothingRuns({ sandboxes: [sandbox(false)], containers: [] }), true);
  });

  it('refreshes volumes that are due, after all else, and never of a pod that ends', () => {
    const one = pod();
    const observed = { sandboxes: [sandbox()], containers: [] };
    assert.deepEqual(decide(one, observed, { volumesDue: true }), ['startContainer a 0', 'refreshVolumes']);
    assert.deepEqual(decide(one, observed, { volumesDue: true, ending: true }), ['stopSandbox']);
  });

  it('keeps two attempts of each container', () => {
    const one = pod();
    const containers = [
      container(one, 'a', running, 3),
      container(one, 'a', exited(1), 2),
      container(one, 'a', exited(1), 1),
    ];
    const actions = computePodActions(one, { sandboxes: [sandbox()], containers }, context());
    assert.deepEqual(actions, [{ type: 'removeContainer', id: 'a-1' }]);
  });
});
