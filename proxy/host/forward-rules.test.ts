import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allForwardRules, computeMissingForwardRules } from './forward-rules.ts';

const clusterId = '0b1f5a5e-8c8f-4b21-9d0a-4a8f2f6f7a11';
const options = { clusterCidr: '10.244.0.0/16', clusterId };
const accept = (chain: string, direction: string) =>
  `-A ${chain} ${direction} 10.244.0.0/16 -m comment --comment "longshore ${clusterId}" -j ACCEPT`;
const docker = ['-N DOCKER-USER', '-A FORWARD -j DOCKER-USER'];

describe('computeMissingForwardRules', () => {
  const missing = (...lines: string[]) =>
    computeMissingForwardRules(lines.join('\n'), options).map(({ chain, rule }) => `${chain} ${rule[0]}`);

  for (const [situation, lines, expected] of [
    ['Docker drops and nobody let pods through', ['-P FORWARD DROP', ...docker], ['DOCKER-USER -s', 'DOCKER-USER -d']],
    [
      'both rules are there',
      ['-P FORWARD DROP', ...docker, accept('DOCKER-USER', '-s'), accept('DOCKER-USER', '-d')],
      [],
    ],
    ['one was removed', ['-P FORWARD DROP', ...docker, accept('DOCKER-USER', '-d')], ['DOCKER-USER -s']],
    [
      'the rules of another cluster are there',
      ['-P FORWARD DROP', ...docker, accept('DOCKER-USER', '-s').replace(clusterId, 'other')],
      ['DOCKER-USER -s', 'DOCKER-USER -d'],
    ],
    ['the chain is gone and the policy drops', ['-P FORWARD DROP'], ['FORWARD -s', 'FORWARD -d']],
    ['nothing leads to the chain', ['-P FORWARD DROP', '-N DOCKER-USER'], ['FORWARD -s', 'FORWARD -d']],
    [
      'the chain is gone and FORWARD has the rules',
      ['-P FORWARD DROP', accept('FORWARD', '-s'), accept('FORWARD', '-d')],
      [],
    ],
    ['nothing drops', ['-P FORWARD ACCEPT'], []],
  ] as const) {
    it(`when ${situation}`, () => assert.deepEqual(missing(...lines), expected));
  }

  it('removes those of this cluster and those that name none', () => {
    const comments = new Set(allForwardRules(options).map(({ rule }) => rule[5]));
    assert.deepEqual([...comments], [`longshore ${clusterId}`, 'longshore']);
  });
});
