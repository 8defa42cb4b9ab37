import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseWaitCondition } from './wait-condition.ts';

const pod = {
  status: {
    phase: 'Running',
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Disrupted', status: 'False' },
    ],
    containerStatuses: [{ ready: true }],
  },
};

describe('parseWaitCondition', () => {
  const states: [text: string, isTrue: boolean][] = [
    ['condition=Ready', true],
    ['condition=ready', true],
    ['condition=Ready=False', false],
    ['condition=Disrupted=false', true],
    ['condition=Missing', false],
    ['jsonpath={.status.phase}=Running', true],
    ['jsonpath={.status.phase}=Failed', false],
    ["jsonpath='{.status.phase}'=Running", true],
    ['jsonpath={.status.containerStatuses[0].ready}=true', true],
    ['jsonpath={.status.phase}', true],
    ['jsonpath={.status.missing.deeper}', false],
    ['jsonpath={.constructor}', false],
  ];
  for (const [text, expected] of states) {
    it(`answers ${expected} to ${text}`, () => {
      const condition = parseWaitCondition(text);
      assert.equal(condition.type === 'state' && condition.isTrue(pod), expected);
    });
  }

  it('knows delete and create, and says what there is for anything else', () => {
    assert.deepEqual(parseWaitCondition('delete'), { type: 'delete' });
    assert.deepEqual(parseWaitCondition('create'), { type: 'create' });
    assert.throws(() => parseWaitCondition('ready'), /unrecognized condition: "ready"/);
  });
});
