import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePortSpec } from './port-spec.ts';

describe('parsePortSpec', () => {
  it('reads container ports and host:container pairs', () => {
    assert.deepEqual(parsePortSpec(''), []);
    assert.deepEqual(parsePortSpec('80'), [{ containerPort: 80 }]);
    assert.deepEqual(parsePortSpec('8080:80,443'), [{ containerPort: 80, hostPort: 8080 }, { containerPort: 443 }]);
  });

  for (const bad of ['0', 'x', '80:', ':80', '1:2:3', '70000', '80,', '8 0', '-1']) {
    it(`refuses "${bad}"`, () => assert.throws(() => parsePortSpec(bad), /bad port spec: /));
  }
});
