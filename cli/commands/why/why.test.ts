import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { events } from '../../../api/resources/core.ts';
import { storedObject } from '../../../client/testing/stored-object.ts';
import { renderFinding } from './finding.ts';
import { renderWarnings } from './warnings.ts';
import { explainConditions } from './why-object.ts';

describe('kubecfg why', () => {
  it('says causes, help, nodes in groups, warnings and logs, and one part for each trouble', () => {
    const pod = {
      ...{ title: 'pod/web-1', namespace: 'shop', state: 'Pending' },
      causes: [{ type: 'scheduling', message: 'It fits on no node.', help: ['a: uncordon the node'] }],
      scheduling: {
        ...{ observedAt: '2030-01-01T00:00:00Z', nodes: 12, nearest: [] },
        groups: [{ plugin: 'x', reasons: ['Insufficient cpu'], count: 12, nodes: ['a', 'b'], resolvable: true }],
      },
      events: ['FailedMount: no such claim (1m ago)'],
      logs: [{ container: 'main', lines: ['one', 'two'] }],
    };
    const set = { title: 'replicaset.apps/web', namespace: 'shop', state: '0 of 3 pods are available', causes: [] };
    assert.equal(
      renderFinding({ ...set, parts: [{ alike: 3, finding: pod }] }),
      [
        'replicaset.apps/web (shop): 0 of 3 pods are available',
        '  3 alike, of which one is:',
        '  pod/web-1 (shop): Pending',
        '    It fits on no node.',
        '      what would help: a: uncordon the node',
        '    Of 12 nodes, as of 2030-01-01T00:00:00Z:',
        '      12: Insufficient cpu (a, b, …)',
        '    Warnings:',
        '      FailedMount: no such claim (1m ago)',
        '    The last lines of main:',
        '      | one',
        '      | two',
        '',
      ].join('\n'),
    );
  });

  it('tells each warning once, the last one last', () => {
    const now = Date.parse('2030-01-01T01:00:00Z');
    const event = (name: string, message: string, minutes: number, count = 1) =>
      storedObject(events, {
        metadata: { name },
        ...{ involvedObject: {}, reason: 'FailedCreate', message, count },
        lastTimestamp: new Date(now - minutes * 60_000).toISOString().replace('.000', ''),
      });
    const found = [
      event('c', 'exceeded quota: small', 1, 5),
      event('a', 'exceeded quota: small', 9),
      event('b', 'other', 3),
    ];
    assert.deepEqual(renderWarnings(found, now), [
      'FailedCreate: other (3m ago)',
      'FailedCreate: exceeded quota: small (60s ago, 5 times)',
    ]);
  });

  const conditions: readonly [type: string, status: string, reason: string, said: boolean][] = [
    ['Available', 'False', 'MinimumReplicasUnavailable', true],
    ['Available', 'True', 'MinimumReplicasAvailable', false],
    ['Progressing', 'False', 'ProgressDeadlineExceeded', true],
    ['Progressing', 'Unknown', 'DeploymentPaused', false],
    ['ReplicaFailure', 'True', 'FailedCreate', true],
    ['Failed', 'False', '', false],
    ['MemoryPressure', 'False', '', false],
    ['Ready', 'Unknown', 'NodeStatusUnknown', true],
  ];
  for (const [type, status, reason, said] of conditions)
    it(`${said ? 'tells of' : 'leaves out'} ${type} ${status} ${reason}`, () => {
      const object = {
        kind: 'Thing',
        status: { conditions: [{ type, status, reason, message: 'm' }, 'nonsense', null] },
      };
      assert.equal(explainConditions(object).length, said ? 1 : 0);
    });
});
