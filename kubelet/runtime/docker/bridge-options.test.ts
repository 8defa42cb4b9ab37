import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bridgeOptions, hasOptions } from './bridge-options.ts';

const gatewayMode = 'com.docker.network.bridge.gateway_mode_ipv4';

describe('bridgeOptions', () => {
  const cases: readonly (readonly [apiVersion: string, engine: string, wanted: string | undefined])[] = [
    ['1.41', '20.10', undefined],
    ['1.45', '26.1', undefined],
    ['1.47', '27.5, which refuses the mode', undefined],
    ['1.48', '28.0', 'nat-unprotected'],
    ['1.51', '28.5', 'nat-unprotected'],
    ['1.100', 'one to come', 'nat-unprotected'],
    ['2.0', 'one to come', 'nat-unprotected'],
  ];
  for (const [apiVersion, engine, wanted] of cases) {
    it(`${wanted === undefined ? 'leaves out' : 'sets'} the gateway mode for API ${apiVersion}, Engine ${engine}`, () => {
      assert.equal(bridgeOptions({ name: 'longshore', mtu: 1500 }, apiVersion)[gatewayMode], wanted);
    });
  }

  it('names the interface within what Linux allows', () => {
    const options = bridgeOptions({ name: 'a-very-long-network-name', mtu: 1450 }, '1.41');
    assert.equal(options['com.docker.network.bridge.name'], 'a-very-long-net');
    assert.equal(options['com.docker.network.driver.mtu'], '1450');
  });
});

describe('hasOptions', () => {
  const wanted = bridgeOptions({ name: 'longshore', mtu: 1500 }, '1.48');
  it('is true of the same options and more', () => assert.equal(hasOptions({ ...wanted, more: 'x' }, wanted), true));
  it('is false when one differs', () =>
    assert.equal(hasOptions({ ...wanted, 'com.docker.network.driver.mtu': '9000' }, wanted), false));
  it('is false of a network that an older engine made', () =>
    assert.equal(hasOptions(bridgeOptions({ name: 'longshore', mtu: 1500 }, '1.41'), wanted), false));
  it('is false of a network without options', () => assert.equal(hasOptions(undefined, wanted), false));
});
