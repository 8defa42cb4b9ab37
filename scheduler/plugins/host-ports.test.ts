import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerPort, PodSpec } from '../../api/types/core/v1.ts';
import { nodeOf, podOf, refusalsBy, snapshotOf } from '../testing/pictures.ts';
import { hostPorts } from './host-ports.ts';

const port = (hostPort: number, more: Partial<ContainerPort> = {}): ContainerPort => ({
  containerPort: 80,
  hostPort,
  ...more,
});
const listening = (...ports: ContainerPort[]): Partial<PodSpec> => ({ containers: [{ name: 'main', ports }] });
const taken = "node(s) didn't have free ports for the requested pod ports";

describe('NodePorts', () => {
  const cases: readonly (readonly [
    title: string,
    there: readonly ContainerPort[],
    wanted: readonly ContainerPort[],
    answer: string,
  ])[] = [
    ['nothing is there', [], [port(80)], 'fits'],
    ['the same port', [port(80)], [port(80)], taken],
    ['another port', [port(81)], [port(80)], 'fits'],
    ['another protocol', [port(80, { protocol: 'UDP' })], [port(80)], 'fits'],
    ['TCP is the protocol of those who say none', [port(80, { protocol: 'TCP' })], [port(80)], taken],
    ['another address', [port(80, { hostIP: '10.0.0.1' })], [port(80, { hostIP: '10.0.0.2' })], 'fits'],
    ['the same address', [port(80, { hostIP: '10.0.0.1' })], [port(80, { hostIP: '10.0.0.1' })], taken],
    ['an address against all', [port(80, { hostIP: '10.0.0.1' })], [port(80)], taken],
    ['all against an address', [port(80)], [port(80, { hostIP: '10.0.0.1' })], taken],
    ['0.0.0.0 is all', [port(80, { hostIP: '0.0.0.0' })], [port(80, { hostIP: '10.0.0.1' })], taken],
    ['one of several', [port(80), port(81)], [port(82), port(81)], taken],
    ['ports of containers alone', [{ containerPort: 80 }], [{ containerPort: 80 }], 'fits'],
    ['a number that begins alike', [port(8080)], [port(80)], 'fits'],
  ];
  for (const [title, there, wanted, answer] of cases)
    it(title, () => {
      const snapshot = snapshotOf([nodeOf('n')], { n: [podOf('there', listening(...there))] });
      assert.deepEqual(refusalsBy(hostPorts, podOf('p', listening(...wanted)), snapshot), { n: answer });
    });

  it('counts ports of sidecars, but not of init containers that end', () => {
    const withInit = (restartPolicy?: 'Always'): Partial<PodSpec> => ({
      initContainers: [{ name: 'init', ports: [port(80)], ...(restartPolicy && { restartPolicy }) }],
    });
    const answer = (there: Partial<PodSpec>) =>
      refusalsBy(hostPorts, podOf('p', listening(port(80))), snapshotOf([nodeOf('n')], { n: [podOf('there', there)] }))
        .n;
    assert.equal(answer(withInit('Always')), taken);
    assert.equal(answer(withInit()), 'fits');
  });

  it('frees a port when the last pod that holds it goes', () => {
    const snapshot = snapshotOf([nodeOf('n')], { n: [podOf('there', listening(port(80)))] });
    snapshot.removePod('default/there');
    assert.deepEqual(refusalsBy(hostPorts, podOf('p', listening(port(80))), snapshot), { n: 'fits' });
  });
});
