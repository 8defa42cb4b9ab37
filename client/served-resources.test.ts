import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../base/logger.ts';
import { FakeClock } from '../base/testing/fake-clock.ts';
import { ServedResources } from './served-resources.ts';

const soon = () => new Promise(setImmediate);
const crontab = {
  resource: 'crontabs',
  responseKind: { kind: 'CronTab' },
  scope: 'Namespaced',
  verbs: ['get', 'list', 'watch', 'delete'],
  shortNames: ['ct'],
  subresources: [
    { subresource: 'scale', verbs: ['get'], responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' } },
  ],
};
const versionOf = (version: string, resources: object[], freshness = 'Current') => ({ version, resources, freshness });
const groupOf = (versions: object[]) => ({ metadata: { name: 'example.com' }, versions });

function start() {
  const clock = new FakeClock();
  const server = { groups: [groupOf([versionOf('v1', [crontab])])], away: false };
  const client = {
    async raw(_method: string, path: string) {
      if (server.away) throw new Error('away');
      return { code: 200, text: JSON.stringify({ items: path === '/api' ? [] : server.groups }) };
    },
  };
  const resources = new ServedResources({ client, logger: silentLogger, clock });
  const heard: string[] = [];
  resources.onChange(({ added, removed }) => {
    for (const { version, plural } of added) heard.push(`+${version}/${plural}`);
    for (const { version, plural } of removed) heard.push(`-${version}/${plural}`);
  });
  const stopping = new AbortController();
  const running = resources.run(stopping.signal);
  const stop = async () => {
    stopping.abort();
    await running;
  };
  return { clock, server, resources, heard, stop };
}

describe('served resources', () => {
  it('are what discovery says, with names and subresources', async () => {
    const { resources, heard, stop } = start();
    await soon();
    assert.deepEqual(heard, ['+v1/crontabs']);
    const found = resources.findByKind({ group: 'example.com', kind: 'CronTab' });
    assert.equal(found?.singular, 'crontab');
    assert.deepEqual(found?.shortNames, ['ct']);
    assert.deepEqual(found?.subresources, [
      { name: 'scale', verbs: ['get'], body: { group: 'autoscaling', version: 'v1', kind: 'Scale' } },
    ]);
    await stop();
  });

  it('come and go with the definitions behind them', async () => {
    const { clock, server, heard, stop } = start();
    await soon();
    server.groups = [groupOf([versionOf('v2', [crontab]), versionOf('v1', [crontab])])];
    await clock.advance(30_000);
    server.groups = [];
    await clock.advance(30_000);
    assert.deepEqual(heard, ['+v1/crontabs', '+v2/crontabs', '-v2/crontabs', '-v1/crontabs']);
    await stop();
  });

  it('stay known while nobody can be asked, or a version does not answer', async () => {
    const { clock, server, resources, heard, stop } = start();
    await soon();
    server.away = true;
    await clock.advance(120_000);
    server.away = false;
    server.groups = [groupOf([versionOf('v1', [], 'Stale')])];
    await clock.advance(60_000);
    assert.deepEqual(heard, ['+v1/crontabs']);
    assert.equal(resources.all().length, 1);
    await stop();
  });

  it('are told to those who come late', async () => {
    const { resources, stop } = start();
    await soon();
    const heard: string[] = [];
    resources.onChange(({ added }) => heard.push(...added.map(({ plural }) => plural)));
    assert.deepEqual(heard, ['crontabs']);
    await stop();
  });
});
