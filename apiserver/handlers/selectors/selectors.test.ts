import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorText } from '../../../base/error-text.ts';
import { configMapKind } from '../../../kinds/core/config/config-map.ts';
import { namespaceKind } from '../../../kinds/core/config/namespace.ts';
import { podKind } from '../../../kinds/core/pods/pod.ts';
import type { Kind } from '../../../kinds/kind.ts';
import { compileRequirements, parseLabelSelector } from '../../../kinds/validation/label-requirements.ts';
import { parseFieldSelector } from './field-selector-text.ts';

const messageOf = (run: () => unknown): string => {
  try {
    run();
    return '';
  } catch (error) {
    return errorText(error);
  }
};

describe('label selectors', () => {
  const labels = { app: 'web', tier: 'back', n: '10', empty: '' };
  const matches = (text: string): boolean => compileRequirements(parseLabelSelector(text))(labels);
  const matching = [
    '',
    ' ',
    'app=web',
    'app==web',
    'app!=db',
    'app',
    '!gone',
    'app in (web,db)',
    'app notin (db)',
    'n>9',
    'n<11',
    'empty=',
    'gone!=x',
    'app in (web),tier',
    'in!=x',
  ];
  for (const text of matching) it(`match: ${text}`, () => assert.ok(matches(text)));
  const missing = [
    'app=db',
    '!app',
    'gone',
    'app in (db)',
    'app notin (web,db)',
    'n>10',
    'empty!=',
    'app=web,tier=front',
    'app>1',
  ];
  for (const text of missing) it(`do not match: ${text}`, () => assert.ok(!matches(text)));

  const refusals: Record<string, string> = {
    ',': "found ',', expected: !, identifier, or 'end of string'",
    'app,': "found '', expected: identifier after ','",
    '!app=web': "found '=', expected: ',' or 'end of string'",
    'app!': "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt",
    'app===web': "unable to parse requirement: found '=', expected: identifier",
    'app in ((web))': "unable to parse requirement: found '(', expected: ',', ')' or identifier",
    'app notin web': "unable to parse requirement: found 'web' expected: '('",
    'n>x': `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
  };
  for (const [text, message] of Object.entries(refusals)) {
    it(`refuse ${text}`, () =>
      assert.equal(
        messageOf(() => parseLabelSelector(text)),
        message,
      ));
  }

  it('are not brought to a stop by long or odd texts', () => {
    const start = performance.now();
    for (const text of [
      '('.repeat(100_000),
      'a,'.repeat(50_000),
      '!'.repeat(100_000),
      `a in (${','.repeat(100_000)}`,
    ]) {
      messageOf(() => parseLabelSelector(text));
    }
    assert.ok(performance.now() - start < 10_000);
  });

  it('join all that is asked about one key', () => {
    const matches = (text: string, given: Record<string, string>) =>
      compileRequirements(parseLabelSelector(text))(given);
    assert.ok(matches('a!=1,a!=2,a', { a: '3' }));
    assert.ok(!matches('a!=1,a!=2,a', { a: '2' }));
    assert.ok(matches('a in (1,2),a in (2,3)', { a: '2' }));
    assert.ok(!matches('a in (1,2),a in (2,3)', { a: '1' }));
    assert.ok(!matches('a=1,!a', { a: '1' }) && !matches('a=1,!a', {}));
    assert.ok(matches('a>1,a>5,a<9,a<8', { a: '7' }));
    for (const a of ['5', '8', 'x']) assert.ok(!matches('a>1,a>5,a<9,a<8', { a }));
  });

  it('take keys like __proto__ for labels like any other', () => {
    assert.ok(!matches('constructor'));
  });
});

describe('field selectors', () => {
  const parse = (text: string, kind: unknown = podKind) => parseFieldSelector(text, kind as Kind);

  it('read terms, operators and escapes', () => {
    assert.deepEqual(parse('metadata.name=a\\,b,status.phase!=Failed,,spec.nodeName=='), [
      { field: 'metadata.name', isNegated: false, value: 'a,b' },
      { field: 'status.phase', isNegated: true, value: 'Failed' },
      { field: 'spec.nodeName', isNegated: false, value: '' },
    ]);
  });

  const refusals: readonly (readonly [string, unknown, string])[] = [
    ['metadata.name>a', podKind, "invalid selector: 'metadata.name>a'; can't understand 'metadata.name>a'"],
    ['metadata.name=a=b', podKind, 'invalid field selector: unescaped character in value: 61'],
    ['metadata.name=a\\b', podKind, 'invalid field selector: invalid escape sequence: \\b'],
    ['spec.priority=1', podKind, 'field label not supported: spec.priority'],
    ['metadata.namespace=x', namespaceKind, 'field label not supported: metadata.namespace'],
    ['data.k=v', configMapKind, '"data.k" is not a known field selector: only "metadata.name", "metadata.namespace"'],
  ];
  for (const [text, kind, message] of refusals) {
    it(`refuse ${text}`, () =>
      assert.equal(
        messageOf(() => parse(text, kind)),
        message,
      ));
  }
});
