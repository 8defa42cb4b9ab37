import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allVerbs, type Verb } from '../../api/resource.ts';
import { kinds } from '../../kinds/kind-table.ts';
import { servings } from '../../kinds/served-by.ts';
import { methodOf, type ResourceServer, type Serve, type ServerOf } from './resource-server.ts';

const serve: Serve = async () => {};

describe('a server of resources', () => {
  it('has the methods of its verbs and no others, or does not compile', () => {
    const part: ServerOf<'storedPart'> = { get: serve, update: serve, patch: serve };
    // @ts-expect-error: nothing answers a PATCH
    const lacking: ServerOf<'storedPart'> = { get: serve, update: serve };
    // @ts-expect-error: discovery would not say that it can be deleted
    const surplus: ServerOf<'finalize'> = { update: serve, delete: serve };
    // @ts-expect-error: its verbs are not told apart
    const apart: ServerOf<'exec'> = { get: serve, create: serve };
    assert.ok(part && lacking && surplus && apart);
  });

  const whole: ResourceServer = Object.fromEntries(
    allVerbs.map((verb) => [verb === 'deletecollection' ? 'deleteCollection' : verb, async () => {}]),
  );
  for (const verb of allVerbs) {
    it(`answers ${verb} when it can`, () => {
      assert.ok(methodOf(whole, verb));
      assert.equal(methodOf({}, verb), undefined);
      assert.equal(methodOf({ connect: serve }, verb), serve);
    });
  }

  it('is what the verbs of kinds and of their subresources follow from', () => {
    const served = kinds.flatMap((kind) => [kind, ...kind.subresources]);
    const verbsOf = ({ servedBy }: (typeof served)[number]): readonly Verb[] => servings[servedBy].verbs;
    for (const one of served) assert.deepEqual(one.verbs, verbsOf(one));
  });
});
