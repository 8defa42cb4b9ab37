import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJsonPath } from './simple-json-path.ts';

const object = {
  spec: { size: 3, 'a.b': 'dotted', parts: [{ name: 'x', n: 1 }, { name: 'y', n: 2 }, { n: 3 }], none: null },
  status: {
    conditions: [
      { type: 'Other', status: 'False' },
      { type: 'Ready', status: 'True' },
    ],
  },
};

describe('a path into an object', () => {
  const table: [path: string, found: unknown][] = [
    ['.spec.size', 3],
    ['.spec.nothing.at.all', undefined],
    ['.spec.none', null],
    ['.spec.a\\.b', 'dotted'],
    [".spec['a.b']", 'dotted'],
    ['.spec.parts[1].name', 'y'],
    ['.spec.parts[-1].n', 3],
    ['.spec.parts[9]', undefined],
    ['.spec.parts[*].name', 'x'],
    ['.status.conditions[?(@.type=="Ready")].status', 'True'],
    [".status.conditions[?(@.type == 'Ready')].status", 'True'],
    ['.status.conditions[?(@.type!="Other")].type', 'Ready'],
    ['.spec.parts[?(@.n>1)].name', 'y'],
    ['.spec.parts[?(@.n>=3)].n', 3],
    ['.spec.parts[?(@.name)].name', 'x'],
    ['.spec.size.toString', undefined],
  ];
  for (const [path, found] of table)
    it(`finds what stands first at ${path}`, () => assert.deepEqual(parseJsonPath(path)?.(object), found));

  for (const wrong of ['', 'spec', '.', '.spec[', '.spec["a]', '.spec[1.5]', '.spec[?(@.a==)]', '.a b'])
    it(`is not ${JSON.stringify(wrong)}`, () => assert.equal(parseJsonPath(wrong), undefined));
});
