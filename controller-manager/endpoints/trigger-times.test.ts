import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { services } from '../../api/resources/core.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { podOf } from './testing/endpoint-pictures.ts';
import { TriggerTimes, triggerTimeAnnotation, withTriggerTime } from './trigger-times.ts';

const minute = (count: number) => `2030-01-01T00:0${count}:00Z`;
const service = (createdAt: string) =>
  storedObject(services, { metadata: { name: 's', creationTimestamp: createdAt } });

function pod(name: string, readySince: string) {
  const { status, ...rest } = podOf(name);
  return {
    ...rest,
    status: { ...status, conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: readySince }] },
  };
}

describe('the time of a change that endpoints wait for', () => {
  let times: TriggerTimes;
  const next = (serviceAt: string, ...pods: ReturnType<typeof pod>[]) =>
    times.next('default/s', service(serviceAt), pods);

  beforeEach(() => {
    times = new TriggerTimes();
  });

  it('is at first the earliest of all', () => {
    assert.equal(next(minute(3), pod('a', minute(2)), pod('b', minute(1))), minute(1));
    assert.equal(times.next('default/other', service(minute(3)), []), minute(3));
  });

  it('is then the earliest of what is new', () => {
    next(minute(0), pod('a', minute(1)));
    assert.equal(next(minute(0), pod('a', minute(1)), pod('b', minute(4)), pod('c', minute(3))), minute(3));
    assert.equal(next(minute(0), pod('a', minute(5)), pod('b', minute(4)), pod('c', minute(3))), minute(5));
  });

  it('is none when nothing is, also when a pod left', () => {
    next(minute(0), pod('a', minute(1)), pod('b', minute(1)));
    assert.equal(next(minute(0), pod('a', minute(1))), undefined);
  });

  it('is that of a Service made anew', () => {
    next(minute(0));
    assert.equal(next(minute(6)), minute(6));
  });

  it('begins anew for a Service that was forgotten', () => {
    next(minute(0));
    times.forget('default/s');
    assert.equal(next(minute(0)), minute(0));
  });

  it('is an annotation beside those of others, or none', () => {
    assert.deepEqual(withTriggerTime({ a: 'b', [triggerTimeAnnotation]: minute(1) }, minute(2)), {
      a: 'b',
      [triggerTimeAnnotation]: minute(2),
    });
    assert.deepEqual(withTriggerTime({ a: 'b', [triggerTimeAnnotation]: minute(1) }, undefined), { a: 'b' });
    assert.equal(withTriggerTime({ [triggerTimeAnnotation]: minute(1) }, undefined), undefined);
    assert.equal(withTriggerTime(undefined, undefined), undefined);
  });
});
