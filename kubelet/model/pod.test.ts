import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container } from '../../api/types/core/v1.ts';
import {
  containerIn,
  exited,
  makeContainer,
  makeContainerStatus,
  makePod,
  makeSandbox,
  running,
} from '../testing/make-pod.ts';
import {
  attemptsOf,
  containersOf,
  fieldPathOf,
  graceSecondsOf,
  identityOf,
  mayRestart,
  runtimeIdOf,
  sandboxOf,
  specHashOf,
  statusOf,
} from './pod.ts';

const pod = makePod({
  initContainers: [{ name: 'plain' }, { name: 'sidecar', restartPolicy: 'Always' }],
  containers: [{ name: 'a' }, { name: 'b' }],
  ephemeralContainers: [{ name: 'debug', targetContainerName: 'b' }, { name: 'shell' }],
});

describe('containersOf', () => {
  it('lists them in the order in which they start', () => {
    const found = containersOf(pod).map(({ spec, kind, sidecar, target }) => [spec.name, kind, sidecar, target]);
    assert.deepEqual(found, [
      ['plain', 'init', false, undefined],
      ['sidecar', 'init', true, undefined],
      ['a', 'main', false, undefined],
      ['b', 'main', false, undefined],
      ['debug', 'ephemeral', false, 'b'],
      ['shell', 'ephemeral', false, undefined],
    ]);
  });

  it('says where events point to', () => {
    const paths = ['plain', 'a', 'debug'].map((name) => fieldPathOf(containerIn(pod, name)));
    assert.deepEqual(paths, ['spec.initContainers{plain}', 'spec.containers{a}', 'spec.ephemeralContainers{debug}']);
  });
});

describe('mayRestart', () => {
  const rule = (action: string, operator: string, ...values: number[]) => ({ action, exitCodes: { operator, values } });
  const cases: readonly [policy: string, container: Partial<Container>, kind: 'init' | 'main', codes: number[]][] = [
    // The exit codes of 0, 1 and 42 after which it runs again.
    ['Always', {}, 'main', [0, 1, 42]],
    ['OnFailure', {}, 'main', [1, 42]],
    ['Never', {}, 'main', []],
    ['Always', {}, 'init', [1, 42]],
    ['OnFailure', {}, 'init', [1, 42]],
    ['Never', {}, 'init', []],
    ['Never', { restartPolicy: 'Always' }, 'init', [0, 1, 42]],
    ['Never', { restartPolicy: 'OnFailure' }, 'main', [1, 42]],
    ['Never', { restartPolicy: 'Always' }, 'main', [0, 1, 42]],
    ['Always', { restartPolicy: 'Never' }, 'main', []],
    ['Never', { restartPolicy: 'Never', restartPolicyRules: [rule('Restart', 'In', 42)] }, 'main', [42]],
    ['Never', { restartPolicy: 'Never', restartPolicyRules: [rule('Restart', 'NotIn', 0, 42)] }, 'main', [1]],
    [
      'Always',
      { restartPolicy: 'Never', restartPolicyRules: [rule('Restart', 'In', 1), rule('Restart', 'In', 42)] },
      'main',
      [1, 42],
    ],
  ];
  for (const [restartPolicy, rest, kind, codes] of cases)
    it(`under ${restartPolicy}, ${kind} ${JSON.stringify(rest)}: after ${codes.join(', ') || 'nothing'}`, () => {
      const list = [{ name: 'x', ...rest }];
      const of = makePod({ restartPolicy, ...(kind === 'init' ? { initContainers: list } : { containers: list }) });
      assert.deepEqual(
        [0, 1, 42].filter((code) => mayRestart(of, containerIn(of, 'x'), code)),
        codes,
      );
    });

  it('never for an ephemeral container', () => {
    assert.equal(mayRestart(pod, containerIn(pod, 'debug'), 1), false);
  });
});

describe('what the runtime has of a pod', () => {
  it('is its sandbox: the newest that runs, else the newest', () => {
    const [first, second, third] = [0, 1, 2].map((attempt) => makeSandbox({ id: `s${attempt}`, attempt }));
    assert(first && second && third);
    const pick = (...sandboxes: (typeof first)[]) => sandboxOf({ sandboxes, containers: [] })?.id;
    assert.equal(pick(first, third, second), 's2');
    assert.equal(pick(first, { ...third, running: false }, second), 's1');
    assert.equal(pick({ ...first, running: false }, { ...second, running: false }), 's1');
    assert.equal(pick(), undefined);
  });

  it('is the attempts at a container, the newest first', () => {
    const containers = [exited(0), running, exited(1)].map((status, attempt) =>
      makeContainer(pod, status, { attempt: [0, 10, 9][attempt] ?? 0 }),
    );
    const other = makeContainer(pod, running, { name: 'b' });
    const found = attemptsOf({ sandboxes: [], containers: [...containers, other] }, 'a');
    assert.deepEqual(
      found.map(({ attempt }) => attempt),
      [10, 9, 0],
    );
  });
});

describe('small questions', () => {
  it('whose it is', () => {
    assert.deepEqual(identityOf(pod), { namespace: 'default', name: 'p', uid: 'u' });
    const { namespace: _, ...metadata } = pod.metadata;
    assert.equal(identityOf({ ...pod, metadata }).namespace, 'default');
  });

  it('its id without the runtime’s name', () => {
    assert.deepEqual(['docker://3f2a', '3f2a', ''].map(runtimeIdOf), ['3f2a', '3f2a', '']);
  });

  it('whether another container is needed: when its image changed, for nothing else', () => {
    const hash = (container: Partial<Container>) =>
      specHashOf(containerIn(makePod({ containers: [{ name: 'a', image: 'i:1', ...container }] })));
    assert.equal(hash({}), hash({ env: [{ name: 'A', value: '1' }], resources: { limits: { cpu: '1' } } }));
    assert.notEqual(hash({}), hash({ image: 'i:2' }));
  });

  it('how long it may take to end: what the deletion says, else the pod, else 30 s', () => {
    const deleted = (deletionGracePeriodSeconds: number) => ({ ...pod.metadata, deletionGracePeriodSeconds });
    assert.equal(graceSecondsOf(pod), 30);
    assert.equal(graceSecondsOf(makePod({ terminationGracePeriodSeconds: 5 })), 5);
    assert.equal(graceSecondsOf(makePod({ terminationGracePeriodSeconds: 5 }, { metadata: deleted(60) })), 60);
    assert.equal(graceSecondsOf(makePod({ terminationGracePeriodSeconds: 5 }, { metadata: deleted(0) })), 0);
  });

  it('what the API knows of a container, in the list of its kind', () => {
    const status = {
      initContainerStatuses: [makeContainerStatus({ name: 'plain', restartCount: 1 })],
      containerStatuses: [makeContainerStatus({ restartCount: 2 })],
      ephemeralContainerStatuses: [makeContainerStatus({ name: 'debug', restartCount: 3 })],
    };
    const shown = { ...pod, status };
    const counts = ['plain', 'a', 'debug', 'b'].map((name) => statusOf(shown, containerIn(shown, name))?.restartCount);
    assert.deepEqual(counts, [1, 2, 3, undefined]);
    assert.equal(statusOf(pod, containerIn(pod)), undefined);
  });
});
