import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { firstAddressOf } from './cluster.ts';

describe('firstAddressOf', () => {
  it('is the address after the network’s own', () => {
    assert.equal(firstAddressOf('10.96.0.0/16'), '10.96.0.1');
  });
});
