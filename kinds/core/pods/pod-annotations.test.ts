import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mirrorAnnotation } from '../../../api/labels.ts';
import type { Stored } from '../../../api/object.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import { FieldErrors } from '../../../machinery/field-errors.ts';
import { podKind } from './pod.ts';

const appArmor = 'container.apparmor.security.beta.kubernetes.io/main';

const pod = (annotations: Record<string, string>): Stored<Pod> => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    ...{ name: 'web', namespace: 'default', uid: 'u', resourceVersion: '1' },
    creationTimestamp: '2026-01-01T00:00:00Z',
    annotations,
  },
  spec: { nodeName: 'n', containers: [{ name: 'main', image: 'i', terminationMessagePolicy: 'File' }] },
});

const init = 'docker.longshore.dev/init';

describe('annotations of pods that others trust', () => {
  const cases: readonly (readonly [before: Record<string, string>, next: Record<string, string>, why: RegExp[]])[] = [
    [{}, { free: 'a' }, []],
    [{ free: 'a' }, {}, []],
    [{ [mirrorAnnotation]: 'a', [appArmor]: 'unconfined' }, { [mirrorAnnotation]: 'a', [appArmor]: 'unconfined' }, []],
    [{}, { [mirrorAnnotation]: 'a' }, [/may not add mirror pod annotation/]],
    [{ [mirrorAnnotation]: 'a' }, {}, [/may not remove or update mirror pod annotation/]],
    [{ [mirrorAnnotation]: 'a' }, { [mirrorAnnotation]: 'b' }, [/may not remove or update mirror pod annotation/]],
    [{}, { [appArmor]: 'unconfined' }, [/may not add AppArmor annotations/]],
    [{ [appArmor]: 'unconfined' }, {}, [/may not remove or update AppArmor annotations/]],
    [{}, { [init]: 'true' }, [/may not add settings of the engine/]],
    [{ [init]: 'true' }, {}, [/may not remove or update settings of the engine/]],
    [{ [init]: 'true' }, { [init]: 'true' }, []],
  ];
  for (const subresource of [undefined, 'status']) {
    for (const [before, next, why] of cases)
      it(`${subresource ?? 'the whole'}: ${JSON.stringify(before)} to ${JSON.stringify(next)}`, () => {
        const errors = new FieldErrors();
        podKind.strategy.validateUpdate?.(pod(next), pod(before), errors, { isUpdate: true, subresource });
        const told = errors.list.map(({ message }) => message);
        assert.equal(told.length, why.length, told.join());
        for (const [index, expected] of why.entries()) assert.match(told[index] ?? '', expected);
      });
  }
});

describe('settings of the engine', () => {
  const told = (annotations: Record<string, string>) => {
    const errors = new FieldErrors();
    podKind.strategy.validate?.(pod(annotations), errors, { isUpdate: false });
    return errors.list
      .filter(({ field }) => field.startsWith('metadata.annotations'))
      .map(({ field, message }) => `${field}: ${message}`);
  };

  it('are judged when a pod is made', () => {
    assert.deepEqual(told({ [init]: 'true', 'docker.longshore.dev/ulimit': 'nofile=1024:2048' }), []);
    assert.deepEqual(told({ [init]: 'yes' }), [
      `metadata.annotations[${init}]: Invalid value: "yes": must be true or false`,
    ]);
    assert.match(told({ 'docker.longshore.dev/privileged': 'true' })[0] ?? '', /must be one of ulimit, init, /);
  });
});

describe('the longest wait between starts', () => {
  const period = 'longshore.dev/max-container-restart-period';
  const told = (now: Record<string, string>, before?: Record<string, string>) => {
    const errors = new FieldErrors();
    if (before === undefined) podKind.strategy.validate?.(pod(now), errors, { isUpdate: false });
    else podKind.strategy.validateUpdate?.(pod(now), pod(before), errors, { isUpdate: true, subresource: undefined });
    return errors.list.filter(({ field }) => field.startsWith('metadata.annotations')).map(({ message }) => message);
  };
  const refusal = [`Invalid value: "1h": must be a duration from 1s to 5m`];

  it('is judged when a pod is made and when it is changed, which it may be', () => {
    assert.deepEqual(told({ [period]: '30s' }), []);
    assert.deepEqual(told({ [period]: '1h' }), refusal);
    assert.deepEqual(told({ [period]: '20s' }, { [period]: '30s' }), []);
    assert.deepEqual(told({}, { [period]: '30s' }), []);
    assert.deepEqual(told({ [period]: '1h' }, {}), refusal);
  });
});

describe('the bound of the wait for the proxies', () => {
  it('is judged when a pod is made', () => {
    const told = (bound: string) => {
      const errors = new FieldErrors();
      podKind.strategy.validate?.(pod({ 'longshore.dev/drain-bound': bound }), errors, { isUpdate: false });
      return errors.list.filter(({ field }) => field.startsWith('metadata.annotations')).map(({ message }) => message);
    };
    assert.deepEqual(told('0s'), []);
    assert.deepEqual(told('1h'), ['Invalid value: "1h": must be a duration from 0s to 5m']);
  });
});
