import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { controllerRevisions, daemonSets, statefulSets } from '../../../api/resources/apps.ts';
import { pods } from '../../../api/resources/core.ts';
import type { DaemonSetStatus, StatefulSetSpec, StatefulSetStatus } from '../../../api/types/apps/v1.ts';
import { storedObject } from '../../../client/testing/stored-object.ts';
import { failedRevisionAnnotation } from '../deployments/set-history.ts';
import { revisionDataOf } from '../revisions/revision-plan.ts';
import {
  deadlineAnnotation,
  goodRevisionAnnotation,
  setFailureOf,
  setRolloutOf,
  setTargetOf,
} from './failed-set-plan.ts';
import { rollBackAfterCrashesAnnotation, rollBackAnnotation } from './failure-watch.ts';

const template = (image: string) => ({ spec: { containers: [{ name: 'c', image }] } });
const revision = (number: number, annotations: Record<string, string> = {}) =>
  storedObject(controllerRevisions, {
    metadata: { name: `web-${number}`, annotations, labels: { 'controller-revision-hash': `hash-${number}` } },
    revision: number,
    data: revisionDataOf(template(`app:${number}`)),
  });
const pod = (name: string, label: string, restartCount = 0, ready = 'False') =>
  storedObject(pods, {
    metadata: { name, labels: { 'controller-revision-hash': label } },
    status: {
      conditions: [{ type: 'Ready', status: ready }],
      containerStatuses: [
        {
          name: 'c',
          image: '',
          imageID: '',
          ready: false,
          restartCount,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
        },
      ],
    },
  });
const asked = { [rollBackAnnotation]: 'true', [rollBackAfterCrashesAnnotation]: '3', [deadlineAnnotation]: '60' };

interface Picture {
  readonly annotations?: Record<string, string>;
  readonly spec?: Partial<StatefulSetSpec>;
  readonly status?: Partial<StatefulSetStatus>;
}

/** Going from revision 1 to 2; one of three pods is updated. */
const stateful = ({ annotations = asked, spec, status }: Picture = {}) =>
  storedObject(statefulSets, {
    metadata: { name: 'web', generation: 2, annotations },
    spec: { replicas: 3, serviceName: 'web', selector: {}, template: template('app:2'), ...spec },
    status: { replicas: 3, observedGeneration: 2, updatedReplicas: 1, availableReplicas: 2, ...status },
  });
const daemon = (status: Partial<DaemonSetStatus> = {}) =>
  storedObject(daemonSets, {
    metadata: { name: 'web', generation: 2, annotations: asked },
    spec: { selector: {}, template: template('app:2') },
    status: {
      ...{ currentNumberScheduled: 3, desiredNumberScheduled: 3, numberMisscheduled: 0, numberReady: 2 },
      ...{ observedGeneration: 2, updatedNumberScheduled: 1, numberAvailable: 2, ...status },
    },
  });
const two = [revision(1), revision(2)];

describe('the rollout of a StatefulSet or DaemonSet', () => {
  const cases: readonly (readonly [
    title: string,
    set: ReturnType<typeof stateful> | ReturnType<typeof daemon>,
    pod: ReturnType<typeof pod>,
    idleMs: number,
    failure: RegExp | undefined,
  ])[] = [
    ['goes on', stateful(), pod('web-2', 'web-2'), 59_999, undefined],
    [
      'fails when it gains nothing',
      stateful(),
      pod('web-2', 'web-2'),
      60_000,
      /^Revision 2 has made no progress for 60 s\. Container c of pod web-2: CrashLoopBackOff$/,
    ],
    [
      'fails by crashes',
      stateful(),
      pod('web-2', 'web-2', 3),
      0,
      /^Container c of pod web-2 has been restarted 3 times\.$/,
    ],
    ['not by those of the revision before', stateful(), pod('web-2', 'web-1', 9), 0, undefined],
    ['not when nobody asks', stateful({ annotations: {} }), pod('web-2', 'web-2', 9), 9e9, undefined],
    [
      'not up to its partition',
      stateful({ spec: { updateStrategy: { rollingUpdate: { partition: 2 } } }, status: { availableReplicas: 3 } }),
      pod('web-2', 'web-2', 9),
      9e9,
      undefined,
    ],
    ['fails for daemon pods, too', daemon(), pod('web-x', 'hash-2', 4), 0, /restarted 4 times/],
    [
      'not once all of them serve',
      daemon({ updatedNumberScheduled: 3, numberAvailable: 3 }),
      pod('web-x', 'hash-2', 4),
      9e9,
      undefined,
    ],
  ];
  for (const [title, set, one, idleMs, failure] of cases)
    it(title, () => {
      const rollout = setRolloutOf(set, { revisions: two, pods: [one] });
      const found = rollout && setFailureOf(set, rollout, idleMs);
      if (failure === undefined) assert.equal(found, undefined);
      else assert.match(found ?? '', failure);
    });

  it('is not judged before its controller has seen it, nor where pods are replaced by hand', () => {
    const world = { revisions: two, pods: [] };
    assert.equal(setRolloutOf(stateful({ status: { observedGeneration: 1 } }), world), undefined);
    assert.equal(setRolloutOf(stateful({ spec: { updateStrategy: { type: 'OnDelete' } } }), world), undefined);
    assert.equal(setRolloutOf(stateful({ spec: { template: template('app:3') } }), world), undefined);
    assert.equal(setRolloutOf(stateful(), world)?.update, two[1]);
  });

  it('never fails once its revision was good', () => {
    const revisions = [revision(1), revision(2, { [goodRevisionAnnotation]: 'true' })];
    const rollout = setRolloutOf(stateful(), { revisions, pods: [pod('web-2', 'web-2', 9)] });
    assert.equal(rollout && setFailureOf(stateful(), rollout, 9e9), undefined);
  });

  it('goes back to the newest that was good, else to the newest that has not failed', () => {
    const target = (...old: ReturnType<typeof revision>[]) => {
      const set = stateful({ spec: { template: template('app:9') } });
      const rollout = setRolloutOf(set, { revisions: [...old, revision(9)], pods: [] });
      return rollout && setTargetOf(rollout)?.metadata.name;
    };
    const good = { [goodRevisionAnnotation]: 'true' };
    assert.equal(target(revision(1, good), revision(2, good), revision(3)), 'web-2');
    assert.equal(target(revision(1), revision(2), revision(3, { [failedRevisionAnnotation]: '3' })), 'web-2');
    assert.equal(target(revision(3, { [failedRevisionAnnotation]: '2' })), 'web-3', 'it failed as another one');
    assert.equal(target(), undefined);
  });
});
