import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container, ContainerStatus, Probe } from '../../api/types/core/v1.ts';
import { Metrics } from '../../base/metrics.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import type { Session } from '../runtime/runtime.ts';
import { FakeRuntime } from '../runtime/testing/fake-runtime.ts';
import { HeardEvents } from '../testing/heard-events.ts';
import { containerIn, makeContainer, makeContainerStatus, makePod, running } from '../testing/make-pod.ts';
import { ProbeMetrics } from './probe-metrics.ts';
import { Prober } from './prober.ts';

const probe = (script: string, rest: Partial<Probe> = {}): Probe => ({
  exec: { command: ['sh', '-c', script] },
  ...rest,
});

/** A prober, and a container that began to run at the clock's beginning. */
function start(spec: Partial<Container>, known?: Partial<ContainerStatus>, random?: number) {
  const clock = new FakeClock();
  const runtime = new FakeRuntime({ clock });
  const asked: string[] = [];
  const heard = new HeardEvents();
  let changes = 0;
  const exec = async (...words: Parameters<FakeRuntime['exec']>): Promise<Session> => {
    asked.push(`${words[1][2]} ${clock.monotonic() / 1000}`);
    return await runtime.exec(...words);
  };
  const onChange = () => {
    changes += 1;
  };
  const metrics = new Metrics();
  const prober = new Prober({
    ...{ runtime: { exec }, recorder: heard, clock, userAgent: 'test', onChange },
    metrics: new ProbeMetrics(metrics),
    ...(random !== undefined && { random: () => random }),
  });
  const pod = makePod(
    { containers: [{ name: 'a', image: 'i', ...spec }] },
    known && { status: { containerStatuses: [makeContainerStatus({ containerID: 'docker://a-0', ...known })] } },
  );
  const state = makeContainer(pod, {
    ...running,
    startedAt: clock.now() - (random === undefined ? 0 : 1),
  } as typeof running);
  const watch = () => prober.watch({ pod, container: containerIn(pod), state, podIp: '10.0.0.7' });
  watch();
  /** Time passes by seconds, and each time what was asked is answered. */
  const pass = async (seconds: number) => {
    await settle();
    for (let passed = 0; passed < seconds; passed += 1) {
      await clock.advance(1_000);
      await settle();
    }
  };
  const stateOf = () => [prober.isStarted(state.id), prober.isReady(state.id), prober.failedProbeOf(state.id)];
  return { metrics, prober, clock, runtime, asked, heard, pass, stateOf, watch, id: state.id, changes: () => changes };
}

/** Answers come by streams, which need some turns. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await new Promise(setImmediate);
}

describe('Prober', () => {
  it('counts a container without probes as started and ready', async () => {
    const { stateOf, prober, id } = start({});
    assert.deepEqual(stateOf(), [true, true, undefined]);
    prober.forget(id);
    assert.deepEqual(stateOf(), [false, false, undefined]);
    await prober.stop();
  });

  it('asks after the initial delay, then period after period', async () => {
    const { asked, pass, prober } = start({
      readinessProbe: probe('r', { initialDelaySeconds: 5, periodSeconds: 10 }),
    });
    await pass(30);
    assert.deepEqual(asked, ['r 5', 'r 15', 'r 25']);
    await prober.stop();
  });

  it('asks at once and every 10 s when nothing else is said', async () => {
    const { asked, pass, prober } = start({ livenessProbe: probe('l') });
    await pass(20);
    assert.deepEqual(asked, ['l 0', 'l 10', 'l 20']);
    await prober.stop();
  });

  it('spreads what ran before it over the first period', async () => {
    const { asked, pass, prober } = start({ livenessProbe: probe('l') }, undefined, 0.7);
    await pass(20);
    assert.deepEqual(asked, ['l 7', 'l 17']);
    await prober.stop();
  });

  it('counts answers by container, until its pod is gone', async () => {
    const { metrics, pass, prober } = start({ livenessProbe: probe('l', { failureThreshold: 5 }) });
    await pass(10);
    const series = async () =>
      (await metrics.text()).split('\n').filter((line) => /^prober_probe_(total|duration_seconds_count)/.test(line));
    const [total, count] = await series();
    assert.match(total ?? '', /probe_type="Liveness",container="a",.*result="successful".* 2$/);
    assert.match(count ?? '', / 2$/);
    prober.forgetPod(makePod({ containers: [] }).metadata.uid);
    assert.deepEqual(await series(), []);
    await prober.stop();
  });

  it('needs as many answers in a row as the thresholds say, and tells of changes only', async () => {
    const readinessProbe = probe('r', { periodSeconds: 1, successThreshold: 2, failureThreshold: 3 });
    const { runtime, pass, prober, stateOf, changes } = start({ readinessProbe });
    const ready = async (exitCode: number, seconds: number) => {
      runtime.answer('r', exitCode);
      await pass(seconds);
      return stateOf()[1];
    };
    assert.equal(stateOf()[1], false);
    assert.equal(await ready(0, 0), false);
    assert.equal(await ready(0, 1), true);
    assert.equal(await ready(1, 2), true);
    assert.equal(await ready(0, 1), true, 'a success between starts the count again');
    assert.equal(await ready(1, 2), true);
    assert.equal(await ready(1, 1), false);
    assert.equal(await ready(0, 2), true);
    await pass(5);
    assert.equal(changes(), 3);
    await prober.stop();
  });

  it('says which probe failed, and asks no more: the container must end', async () => {
    const { runtime, pass, prober, stateOf, asked, heard } = start({
      livenessProbe: probe('l', { periodSeconds: 1, failureThreshold: 2 }),
    });
    runtime.answer('l', 1);
    await pass(10);
    assert.deepEqual(stateOf(), [true, true, 'LivenessProbeFailed']);
    assert.equal(asked.length, 2);
    assert.deepEqual(heard.texts, Array(2).fill('Warning Unhealthy Liveness probe failed: '));
    await prober.stop();
  });

  it('asks for the start before all else, and for the rest only once it came', async () => {
    const { runtime, pass, prober, stateOf, asked } = start({
      startupProbe: probe('s', { periodSeconds: 2, failureThreshold: 10 }),
      livenessProbe: probe('l', { periodSeconds: 2 }),
      readinessProbe: probe('r', { periodSeconds: 2 }),
    });
    runtime.answer('s', 1);
    await pass(5);
    assert.deepEqual(
      [asked, stateOf()],
      [
        ['s 0', 's 2', 's 4'],
        [false, false, undefined],
      ],
    );
    runtime.answer('s', 0);
    await pass(1);
    assert.deepEqual(stateOf(), [true, true, undefined]);
    assert.deepEqual(asked.slice(3).sort(), ['l 6', 'r 6', 's 6']);
    await prober.stop();
  });

  it('gives up a start that never comes', async () => {
    const { runtime, pass, prober, stateOf, asked } = start({
      startupProbe: probe('s', { periodSeconds: 1, failureThreshold: 3 }),
      livenessProbe: probe('l'),
    });
    runtime.answer('s', 1);
    await pass(5);
    assert.deepEqual(stateOf(), [false, false, 'StartupProbeFailed']);
    assert.equal(asked.length, 3);
    await prober.stop();
  });

  it('does not count what could not be asked', async () => {
    const { runtime, pass, prober, stateOf, heard } = start({
      livenessProbe: probe('l', { periodSeconds: 1, failureThreshold: 1 }),
    });
    runtime.fail('exec', 'out of order');
    await pass(5);
    assert.deepEqual(stateOf(), [true, true, undefined]);
    assert.equal(
      heard.texts[0],
      'Warning Unhealthy Liveness probe errored and resulted in unknown state: out of order',
    );
    await prober.stop();
  });

  it('asks no more of a container that ended', async () => {
    const { pass, prober, asked, id } = start({ readinessProbe: probe('r', { periodSeconds: 1 }) });
    await pass(2);
    prober.forget(id);
    await pass(5);
    assert.equal(asked.length, 3);
    await prober.stop();
  });

  it('watches a container once, however often it is told to', async () => {
    const { pass, prober, asked, watch } = start({ readinessProbe: probe('r', { periodSeconds: 1 }) });
    watch();
    await pass(1);
    assert.deepEqual(asked, ['r 0', 'r 1']);
    await prober.stop();
  });

  it('believes what an earlier kubelet found out of this very container, until it is asked again', async () => {
    const spec = { startupProbe: probe('s'), readinessProbe: probe('r') };
    const same = start(spec, { started: true, ready: true });
    assert.deepEqual(same.stateOf(), [true, true, undefined]);
    await same.pass(1);
    assert.deepEqual(same.asked, ['r 0']);
    await same.prober.stop();
    const other = start(spec, { started: true, ready: true, containerID: 'docker://before' });
    assert.deepEqual(other.stateOf(), [false, false, undefined]);
    await other.prober.stop();
  });
});
