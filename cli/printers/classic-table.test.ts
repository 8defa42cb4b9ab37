import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderClassicTable } from './classic-table.ts';

describe('renderClassicTable', () => {
  it('prints pods in columns that are 20 wide or three wider than their longest cell', () => {
    const pod = {
      metadata: { name: 'elasticsearch-master', labels: { name: 'elasticsearch-master' } },
      spec: { nodeName: '10.245.1.102', containers: [{ name: 'a', image: 'dockerfile/elasticsearch' }] },
      status: { phase: 'Running' },
    };
    assert.equal(
      renderClassicTable('Pod', [pod]),
      [
        'Name                   Image(s)                   Host                Labels                      Status',
        '----------             ----------                 ----------          ----------                  ----------',
        'elasticsearch-master   dockerfile/elasticsearch   10.245.1.102/       name=elasticsearch-master   Running',
        '',
        '',
      ].join('\n'),
    );
  });

  it('prints minions as one column', () => {
    const nodes = [{ metadata: { name: '10.245.1.101' } }, { metadata: { name: '10.245.1.102' } }];
    assert.equal(renderClassicTable('Node', nodes), 'Minion identifier\n----------\n10.245.1.101\n10.245.1.102\n\n');
  });

  it('prints controllers with their images joined by commas', () => {
    const controller = {
      metadata: { name: 'web' },
      spec: {
        replicas: 3,
        selector: { name: 'web', env: 'prod' },
        template: {
          spec: {
            containers: [
              { name: 'a', image: 'a:1' },
              { name: 'b', image: 'b:1' },
            ],
          },
        },
      },
    };
    assert.equal(
      renderClassicTable('ReplicationController', [controller]).split('\n')[2],
      'web                 a:1,b:1             env=prod,name=web   3',
    );
  });

  it('prints services, and says when there are no labels', () => {
    const service = {
      metadata: { name: 'web' },
      spec: { clusterIP: '10.96.0.9', ports: [{ port: 80 }, { port: 443 }] },
    };
    assert.equal(
      renderClassicTable('Service', [service]).split('\n')[2],
      'web                 <none>              <none>              10.96.0.9           80,443',
    );
  });

  it('prints only header and dashes for an empty list', () => {
    assert.equal(renderClassicTable('Status', []), 'Status\n----------\n\n');
  });
});
