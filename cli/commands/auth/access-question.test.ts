import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AccessPlace, accessQuestion, parseAccessWords } from './access-question.ts';

const pods = { group: '', plural: 'pods', namespaced: true };
const nodes = { group: '', plural: 'nodes', namespaced: false };
const scale = { group: 'apps', plural: 'deployments', namespaced: true };
const inA = { namespace: 'a', subresource: undefined };

describe('what can-i asks', () => {
  const table: readonly (readonly [line: string, place: AccessPlace, asked: object])[] = [
    ['get pods', { ...inA, kind: pods }, { verb: 'get', group: '', resource: 'pods', namespace: 'a' }],
    ['get po/x', { ...inA, kind: pods }, { verb: 'get', group: '', resource: 'pods', namespace: 'a', name: 'x' }],
    ['get pods x', { ...inA, kind: pods }, { verb: 'get', group: '', resource: 'pods', namespace: 'a', name: 'x' }],
    ['list pods', { ...inA, kind: pods, namespace: undefined }, { verb: 'list', group: '', resource: 'pods' }],
    ['get nodes', { ...inA, kind: nodes }, { verb: 'get', group: '', resource: 'nodes' }],
    ['* *', { ...inA, kind: undefined }, { verb: '*', group: '', resource: '*', namespace: 'a' }],
    ['get a.b.c', { ...inA, kind: undefined }, { verb: 'get', group: 'b.c', resource: 'a', namespace: 'a' }],
    [
      'update deployments.apps/web',
      { ...inA, kind: scale, subresource: 'scale' },
      { verb: 'update', group: 'apps', resource: 'deployments', namespace: 'a', subresource: 'scale', name: 'web' },
    ],
  ];
  for (const [line, place, resourceAttributes] of table)
    it(line, () => assert.deepEqual(accessQuestion(parseAccessWords(line.split(' ')), place), { resourceAttributes }));

  it('get /healthz', () => {
    const place = { ...inA, kind: undefined };
    assert.deepEqual(accessQuestion(parseAccessWords(['get', '/healthz']), place), {
      nonResourceAttributes: { verb: 'get', path: '/healthz' },
    });
    assert.throws(
      () => accessQuestion(parseAccessWords(['get', '/healthz']), { ...place, subresource: 'log' }),
      /a path has none/,
    );
  });

  for (const line of ['', 'get', 'get pods a b', 'get pods/', 'get pods/a b', 'get /healthz x'])
    it(`is refused: "${line}"`, () => assert.throws(() => parseAccessWords(line.split(' ')), { name: 'UserError' }));
});
