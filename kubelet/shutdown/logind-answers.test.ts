import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inhibitDelayFile, readBoolean, readMicroseconds } from './logind-answers.ts';

describe('what logind says', () => {
  it('is read', () => {
    assert.equal(readBoolean('{"type":"b","data":true}\n'), true);
    assert.equal(readBoolean('{"type":"b","data":false}'), false);
    assert.equal(readMicroseconds('{"type":"t","data":5000000}\n'), 5_000_000);
    assert.equal(readMicroseconds('{"type":"t","data":18446744073709551615}') > 1e19, true);
  });

  it('is refused when it is something else', () => {
    for (const answer of ['', 'b true', '{}', '[]', 'null', '{"type":"s","data":"true"}', '{"type":"b","data":1}'])
      assert.throws(() => readBoolean(answer), /logind gave an unexpected answer/);
    for (const answer of ['{"type":"t","data":-1}', '{"type":"t","data":"5"}', '{"type":"b","data":true}'])
      assert.throws(() => readMicroseconds(answer), /logind gave an unexpected answer/);
  });

  it('follows from a file in whole seconds', () => {
    assert.match(inhibitDelayFile(30_500), /^\[Login\]\nInhibitDelayMaxSec=31\n$/m);
  });
});
