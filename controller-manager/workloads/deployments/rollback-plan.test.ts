import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planRollback, wantedRollback } from './rollback-plan.ts';
import { historyOf, rollbackToAnnotation } from './set-history.ts';
import { pictureDeployment, pictureSet } from './testing/deployment-pictures.ts';

const deployment = pictureDeployment({ image: 'c' });
const sets = [pictureSet('a', { revision: 1 }), pictureSet('b', { revision: 2 }), pictureSet('c', { revision: 3 })];

describe('a rollback by annotation', () => {
  const cases: readonly (readonly [wanted: bigint, of: typeof sets, target: string | undefined, reason: string])[] = [
    [1n, sets, 'a', 'DeploymentRollback'],
    [0n, sets, 'b', 'DeploymentRollback'],
    [3n, sets, undefined, 'DeploymentRollbackTemplateUnchanged'],
    [9n, sets, undefined, 'DeploymentRollbackRevisionNotFound'],
    [0n, sets.slice(0, 1), undefined, 'DeploymentRollbackRevisionNotFound'],
  ];
  for (const [wanted, of, target, reason] of cases)
    it(`to ${wanted} of ${of.length}: ${reason}`, () => {
      const plan = planRollback(deployment, historyOf(deployment, of), wanted);
      assert.equal(plan.target?.metadata.name, target);
      assert.equal(plan.event.reason, reason);
    });

  it('is wanted by a number only', () => {
    const wanted = (text: string) =>
      wantedRollback(pictureDeployment({ annotations: { [rollbackToAnnotation]: text } }));
    assert.deepEqual(
      [wanted('2'), wanted('0'), wanted('x'), wantedRollback(deployment)],
      [2n, 0n, undefined, undefined],
    );
  });
});
