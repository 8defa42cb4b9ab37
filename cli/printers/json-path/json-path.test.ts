import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../../../base/user-error.ts';
import { findByPath, renderJsonPath } from './json-path.ts';

const list = {
  kind: 'List',
  items: [
    {
      metadata: { name: 'a', labels: { 'app.io/name': 'x' } },
      status: { n: 1, conditions: [{ type: 'Ready', status: 'True' }] },
    },
    { metadata: { name: 'b' }, status: { n: 2, conditions: [{ type: 'Other', status: 'False' }] } },
  ],
};

describe('JSONPath', () => {
  // What kubectl 1.33 prints for the same.
  const cases: readonly (readonly [template: string, text: string])[] = [
    ['{.kind}', 'List'],
    ['kind is {.kind}', 'kind is List'],
    ['{.items[*].metadata.name}', 'a b'],
    ['{.items[0].metadata.name}{"\\n"}', 'a\n'],
    ['{.items[-1:].metadata.name}', 'b'],
    ['{.items[0:2].status.n}', '1 2'],
    ['{.items[0].metadata.labels.app\\.io/name}', 'x'],
    ["{.items[0].metadata.labels['app.io/name']}", 'x'],
    ['{range .items[*]}{.metadata.name}={.status.n};{end}', 'a=1;b=2;'],
    ['{range .items[*]}{@.metadata.name} {$.kind} {end}', 'a List b List '],
    ['{.items[?(@.metadata.name=="b")].status.n}', '2'],
    ["{.items[?(@.metadata.name!='b')].status.n}", '1'],
    ['{.items[?(@.status.n>1)].metadata.name}', 'b'],
    ['{.items[?(@.metadata.labels)].metadata.name}', 'a'],
    ['{.items[*].status.conditions[?(@.type=="Ready")].status}', 'True'],
    ['{..name}', 'a b'],
    ['{.items[*].metadata["name"]}', 'a b'],
    ["{.items[*]['metadata.name', 'kind']}", ''],
    ['{.items[0].status}', '{"conditions":[{"status":"True","type":"Ready"}],"n":1}'],
    ['{.nothing.here}', ''],
    ['{.items[0].metadata.name .items[1].metadata.name}', 'ab'],
    ['no braces', 'no braces'],
  ];
  for (const [template, text] of cases) it(template, () => assert.equal(renderJsonPath(template, list), text));

  for (const template of ['{.a', '{end}', '{range .a}', '{.a[x]}', '{.a[?(@.b=c)]}', '{.items[7]}', '{.a(b}'])
    it(`refuses ${template}`, () => assert.throws(() => renderJsonPath(template, list), UserError));

  for (const path of ['.items[0].metadata.name', 'items[0].metadata.name', '{.items[0].metadata.name}'])
    it(`takes ${path} where one path is asked for`, () => assert.deepEqual(findByPath(path, list), ['a']));
});
