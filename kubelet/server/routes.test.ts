import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findRoute, parsePath } from './routes.ts';
import { TextError } from './text-error.ts';

describe('paths of the kubelet', () => {
  const ask = (method: string, target: string) => {
    try {
      return findRoute(method, parsePath(target));
    } catch (error) {
      assert.ok(error instanceof TextError);
      return error.code;
    }
  };

  it('name what is asked for', () => {
    for (const [method, target, what] of [
      ['GET', '/pods', 'pods'],
      ['GET', '/runningpods', 'runningPods'],
      ['HEAD', '/metrics?x', 'metrics'],
      ['GET', '/metrics/resource', 'resourceMetrics'],
      ['GET', '/metrics/cadvisor', 'cadvisorMetrics'],
      ['GET', '/metrics/probes', 'probeMetrics'],
      ['GET', '/stats/summary?only_cpu_and_memory=true', 'statsSummary'],
      ['GET', '/stats/history?since=1h', 'statsHistory'],
      ['GET', '/healthz', 'healthz'],
      ['GET', '/configz', 'configz'],
    ] as const)
      assert.deepEqual(ask(method, target), { type: 'read', what }, target);
    assert.deepEqual(ask('GET', '/containerLogs/ns/p/c?follow=1'), {
      type: 'logs',
      namespace: 'ns',
      pod: 'p',
      container: 'c',
    });
    assert.deepEqual(ask('GET', '/goneLogs/ns'), { type: 'gonePods', namespace: 'ns' });
    assert.deepEqual(ask('GET', '/goneLogs/ns/p/u/c'), {
      ...{ type: 'goneLogs', namespace: 'ns', pod: 'p', uid: 'u', container: 'c' },
    });
    assert.deepEqual(ask('POST', '/exec/ns/p/c'), { type: 'exec', namespace: 'ns', pod: 'p', container: 'c' });
    assert.deepEqual(ask('GET', '/portForward/ns/p'), {
      type: 'portForward',
      namespace: 'ns',
      pod: 'p',
      container: '',
    });
    assert.deepEqual(ask('GET', 'https://node:10250/pods'), { type: 'read', what: 'pods' });
    assert.deepEqual(ask('GET', '/containerLogs/ns/p%2Fq/c'), {
      type: 'logs',
      namespace: 'ns',
      pod: 'p/q',
      container: 'c',
    });
  });

  it('are not found when there is nothing', () => {
    const unknown = [
      '/',
      '//',
      '/foo',
      '/pods/x',
      '/pods/',
      '/metrics/cadvisor/x',
      '/metrics/resource/x',
      '/metrics/slis',
      '/metrics%2Fcadvisor',
      '/goneLogs',
      '/goneLogs/ns/p/u',
      '/stats',
      '/stats/container',
      '/spec',
      '/__proto__',
    ];
    const incomplete = [
      '/containerLogs',
      '/containerLogs/ns/p',
      '/containerLogs/ns/p/',
      '/exec/ns//c',
      '/exec/n/p/c/d',
    ];
    for (const target of [...unknown, ...incomplete, '/__proto__', '/constructor', '/run/ns/p/c', '/debug/pprof'])
      assert.equal(ask('GET', target), 404, target);
  });

  it('refuse other methods', () => {
    for (const target of ['/pods', '/metrics', '/healthz', '/containerLogs/ns/p/c'])
      assert.equal(ask('POST', target), 405, target);
    for (const target of ['/exec/ns/p/c', '/attach/ns/p/c', '/portForward/ns/p'])
      assert.equal(ask('DELETE', target), 405, target);
    assert.throws(() => findRoute('PUT', parsePath('/exec/ns/p/c')), { headers: { allow: 'GET, POST' } });
  });

  it('refuse what is no path', () => {
    for (const target of ['*', 'node:443', '/pods/%', '/containerLogs/%zz/p/c', '/%c0%af', ''])
      assert.equal(ask('GET', target), 400, target);
  });
});
