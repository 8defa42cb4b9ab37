import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readFurtherDescription, withDescriptions } from './further-description.ts';

const path = '/apis/a.example/v1';
const ref = (name: string) => ({ $ref: `#/definitions/${name}` });
const swagger = (more: object) => JSON.stringify({ swagger: '2.0', info: {}, ...more });

describe('what another server says in OpenAPI 2', () => {
  const paths = {
    [`${path}/things`]: {
      get: { parameters: [{ $ref: '#/parameters/limit' }], responses: { 200: { schema: ref('Thing') } } },
    },
    '/apis/a.example/v1beta1/things': { get: {} },
    '/api/v1/pods': { get: {} },
  };
  const definitions = {
    Thing: { type: 'object', properties: { part: ref('Part') } },
    Part: { type: 'object', properties: { parts: { type: 'array', items: ref('Part') }, gone: ref('Gone') } },
    Other: { type: 'object' },
  };
  const parameters = { limit: { name: 'limit', in: 'query', type: 'integer' } };

  it('is taken as far as it is about its version', () => {
    const read = readFurtherDescription(swagger({ paths, definitions, parameters }), path);
    assert.deepEqual([...(read?.paths.keys() ?? [])], [`${path}/things`]);
    assert.deepEqual([...(read?.definitions.keys() ?? [])], ['Part', 'Thing']);
    assert.match(JSON.stringify([...(read?.paths.values() ?? [])]), /"parameters":\[{"name":"limit"/);
  });

  it('is added to what there is, and takes the place of nothing', () => {
    const read = readFurtherDescription(swagger({ paths, definitions, parameters }), path);
    assert.ok(read);
    const own = {
      head: {},
      paths: [['/own', () => ({})] as const],
      definitions: [['Part', () => ({ own: true })] as const],
    };
    const merged = withDescriptions(own, [read, read]);
    assert.deepEqual(
      [...merged.paths].map(([name]) => name),
      ['/own', `${path}/things`],
    );
    assert.deepEqual(
      [...merged.definitions].map(([name, make]) => [name, Object.keys(make())[0]]),
      [
        ['Part', 'own'],
        ['Thing', 'type'],
      ],
    );
  });

  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  const wrong: readonly (readonly [what: string, text: string])[] = [
    ['another version of OpenAPI', JSON.stringify({ openapi: '3.0.0', paths })],
    ['without paths', swagger({})],
    ['no document', '[]'],
    [
      'too deep',
      swagger({ paths: { [path]: ref('Deep') }, definitions: { Deep: { example: 0 } } }).replace('0}', deep),
    ],
  ];
  for (const [what, text] of wrong)
    it(`is not taken when it is ${what}`, () => assert.equal(readFurtherDescription(text, path), undefined));
});
