/** What the conformance suite asks of containers that end: their messages, restarts and order. */

import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { at, type Json } from '../../../conformance/api-user.ts';
import { type ClusterWorld, nextNames, podsOf, scriptPod } from '../cluster-world.ts';
import type { SharedCluster } from '../shared-cluster.ts';

export function endings(cluster: SharedCluster): void {
  let world: ClusterWorld;
  let namespace: string;
  before(async () => {
    ({ world, namespace } = await cluster.enter());
  });

  const nextName = nextNames('pod');
  const outputOf = (pod: Json): Promise<string> => world.outputOf(namespace, pod);

  /** The message that a container leaves behind. */
  async function lastWords(script: string, container: Json, exitCode = 0): Promise<unknown> {
    const { pod } = await world.runPod(namespace, scriptPod(nextName(), script, { container }));
    const { terminated } = at(pod, 'status.containerStatuses.0.state') as Json;
    assert.equal(at(terminated, 'exitCode'), exitCode);
    return at(terminated, 'message');
  }

  it('[sig-node] Container Runtime blackbox test on terminated container should report termination message if TerminationMessagePath is set as non-root user and at a non-default path [Conformance] [NodeConformance]', async () => {
    const container = { terminationMessagePath: '/dev/termination-custom-log', securityContext: { runAsUser: 1000 } };
    assert.equal(await lastWords('printf DONE > /dev/termination-custom-log', container), 'DONE');
  });

  const fallback = { terminationMessagePolicy: 'FallbackToLogsOnError' };

  it('[sig-node] Container Runtime blackbox test on terminated container should report termination message from log output if TerminationMessagePolicy FallbackToLogsOnError is set [Conformance] [NodeConformance]', async () => {
    assert.equal(await lastWords('printf DONE; exit 1', fallback, 1), 'DONE');
  });

  it('[sig-node] Container Runtime blackbox test on terminated container should report termination message as empty when pod succeeds and TerminationMessagePolicy FallbackToLogsOnError is set [Conformance] [NodeConformance]', async () => {
    assert.equal(await lastWords('printf DONE', fallback), undefined);
  });

  it('[sig-node] Container Runtime blackbox test on terminated container should report termination message from file when pod succeeds and TerminationMessagePolicy FallbackToLogsOnError is set [Conformance] [NodeConformance]', async () => {
    assert.equal(await lastWords('printf OK > /dev/termination-log; printf DONE', fallback), 'OK');
  });

  it('[sig-node] Container Runtime blackbox test when starting a container that exits should run with the expected status [Conformance] [NodeConformance]', async () => {
    // Fails once, then goes on well: a volume remembers.
    const script = 'if [ -e /restart/count ]; then exec sleep 100000; fi; touch /restart/count; exit 1';
    const twice = script.replace('exec sleep 100000', 'exit 0');
    const more = (restartPolicy: string): Json => ({
      spec: { restartPolicy, volumes: [{ name: 'restart', emptyDir: {} }] },
      container: { volumeMounts: [{ name: 'restart', mountPath: '/restart' }] },
    });
    for (const [policy, program, phase, restarts, ready] of [
      ['Always', script, 'Running', 1, true],
      ['OnFailure', twice, 'Succeeded', 1, false],
      ['Never', 'exit 1', 'Failed', 0, false],
    ] as const) {
      const pod = await world.post(podsOf(namespace), scriptPod(nextName(), program, more(policy)));
      await world.until(`${podsOf(namespace)}/${at(pod, 'metadata.name')}`, `${phase} after ${restarts}`, (object) => {
        const [container] = (at(object, 'status.containerStatuses') ?? []) as Json[];
        const isPhase = at(object, 'status.phase') === phase;
        return isPhase && container?.restartCount === restarts && container.ready === ready;
      });
    }
  });

  const inits = (first: string, second: string): Json => ({
    initContainers: [
      { ...(at(scriptPod('', first), 'spec.containers.0') as Json), name: 'init1' },
      { ...(at(scriptPod('', second), 'spec.containers.0') as Json), name: 'init2' },
    ],
  });
  const conditionOf = (pod: Json, type: string): unknown =>
    (at(pod, 'status.conditions') as Json[] | undefined)?.find((one) => one.type === type)?.status;

  it('[sig-node] InitContainer should invoke init containers on a RestartNever pod [Conformance] [NodeConformance]', async () => {
    const { pod } = await world.runPod(namespace, scriptPod(nextName(), 'true', { spec: inits('true', 'true') }));
    assert.equal(at(pod, 'status.phase'), 'Succeeded');
    assert.equal(conditionOf(pod, 'Initialized'), 'True');
    for (const status of at(pod, 'status.initContainerStatuses') as Json[]) {
      assert.equal(at(status, 'state.terminated.exitCode'), 0);
      assert.equal(status.ready, true);
    }
  });

  it('[sig-node] InitContainer should invoke init containers on a RestartAlways pod [Conformance] [NodeConformance]', async () => {
    const spec = { ...inits('true', 'true'), restartPolicy: 'Always' };
    const pod = await world.startPod(namespace, scriptPod(nextName(), 'exec sleep 100000', { spec }));
    assert.equal(conditionOf(pod, 'Initialized'), 'True');
    for (const status of at(pod, 'status.initContainerStatuses') as Json[]) {
      assert.equal(at(status, 'state.terminated.exitCode'), 0);
    }
  });

  it('[sig-node] InitContainer should not start app containers if init containers fail on a RestartAlways pod [Conformance] [NodeConformance]', async () => {
    const spec = { ...inits('exit 1', 'true'), restartPolicy: 'Always' };
    const made = await world.post(podsOf(namespace), scriptPod(nextName(), 'true', { spec }));
    const one = `${podsOf(namespace)}/${at(made, 'metadata.name')}`;
    const pod = await world.until(one, 'has tried again', (object) => {
      assert.ok(at(object, 'status.containerStatuses.0.state.running') === undefined);
      return Number(at(object, 'status.initContainerStatuses.0.restartCount') ?? 0) >= 2;
    });
    assert.equal(at(pod, 'status.phase'), 'Pending');
    assert.equal(conditionOf(pod, 'Initialized'), 'False');
    assert.ok(at(pod, 'status.initContainerStatuses.1.state.waiting'));
    assert.ok(at(pod, 'status.containerStatuses.0.state.waiting'));
    await world.delete(one);
  });

  it('[sig-node] InitContainer should not start app containers and fail the pod if init containers fail on a RestartNever pod [Conformance] [NodeConformance]', async () => {
    const spec = inits('true', 'exit 1');
    const made = await world.post(podsOf(namespace), scriptPod(nextName(), 'true', { spec }));
    const one = `${podsOf(namespace)}/${at(made, 'metadata.name')}`;
    const pod = await world.until(one, 'has failed', (object) => at(object, 'status.phase') === 'Failed');
    assert.equal(at(pod, 'status.initContainerStatuses.0.state.terminated.exitCode'), 0);
    assert.equal(at(pod, 'status.initContainerStatuses.1.state.terminated.exitCode'), 1);
    assert.equal(conditionOf(pod, 'Initialized'), 'False');
    assert.ok(at(pod, 'status.containerStatuses.0.state.waiting'));
  });

  it('[sig-node] Kubelet when scheduling a busybox command in a pod should print the output to logs [Conformance] [NodeConformance]', async () => {
    const log = await outputOf(scriptPod(nextName(), 'echo out; echo "Hello World" >&2'));
    // Two pipes: which is read first is chance.
    assert.deepEqual(log.trim().split('\n').sort(), ['Hello World', 'out']);
  });

  /** A pod whose command always fails; its path. */
  async function failing(): Promise<string> {
    const spec = { restartPolicy: 'Always' };
    const made = await world.post(podsOf(namespace), scriptPod(nextName(), 'exit 1', { spec }));
    return `${podsOf(namespace)}/${at(made, 'metadata.name')}`;
  }

  it('[sig-node] Kubelet when scheduling a busybox command that always fails in a pod should have an terminated reason [Conformance] [NodeConformance]', async () => {
    const one = await failing();
    const pod = await world.until(one, 'has ended', (object) =>
      ['state', 'lastState'].some(
        (state) => at(object, `status.containerStatuses.0.${state}.terminated`) !== undefined,
      ),
    );
    const { state, lastState } = at(pod, 'status.containerStatuses.0') as Json;
    const { exitCode, reason } = (at(state, 'terminated') ?? at(lastState, 'terminated')) as Json;
    assert.deepEqual([exitCode, reason], [1, 'Error']);
    await world.delete(one);
  });

  it('[sig-node] Kubelet when scheduling a busybox command that always fails in a pod should be possible to delete [Conformance] [NodeConformance]', async () => {
    const one = await failing();
    await world.delete(one);
    await world.isGone(one);
  });
}
