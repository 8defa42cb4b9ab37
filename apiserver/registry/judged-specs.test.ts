import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stored } from '../../api/object.ts';
import { kinds } from '../../kinds/kind-table.ts';
import { decode } from '../../machinery/schema/decode.ts';
import { checkWrite, finishedHere, finishWrite, type Write } from './finish-write.ts';
import { JudgedSpecs } from './judged-specs.ts';

const podKind = kinds.find(({ group, plural }) => group === '' && plural === 'pods');
assert.ok(podKind);
const { judgedBy } = podKind.strategy;
assert.ok(judgedBy);

const newSpecs = (): JudgedSpecs => new JudgedSpecs(judgedBy);

function podOf(name: string, spec: object = {}, annotations?: Record<string, string>): Stored {
  const metadata = { name, namespace: 'default', uid: `uid-of-${name}`, creationTimestamp: '2030-01-01T00:00:00Z' };
  const body = {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { ...metadata, ...(annotations && { annotations }) },
    spec: { containers: [{ name: 'app', image: 'shop' }], ...spec },
  };
  assert.ok(podKind);
  const { object } = decode(podKind.schema, body);
  // By its schema.
  const pod = object as unknown as Stored;
  podKind.strategy.setDefaults?.(pod);
  return pod;
}

/** As `write-order.ts` does: what is wrong, or what is stored and warned of. */
function finish(next: Stored, judgedSpecs: JudgedSpecs | undefined) {
  assert.ok(podKind);
  const write: Write = { kind: podKind, next, previous: undefined, context: { dryRun: false }, judgedSpecs };
  const check = checkWrite(write);
  if (check.errors.length > 0) return { errors: check.errors };
  const warnings = finishWrite(write, check);
  return { isShared: check.spec?.verdict !== undefined, warnings, stored: finishedHere(write, check).bytes.toString() };
}

const warned = { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } };

describe('specs of new objects that were judged before', () => {
  for (const [what, spec, annotations] of [
    ['a plain one', {}, undefined],
    ['one that is warned of', warned, undefined],
    ['one with annotations', {}, { 'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default' }],
    ['one that is not in its stored form', { volumes: [], tolerations: [], hostNetwork: false }, undefined],
  ] as const) {
    it(`${what} is stored and warned of as by itself`, () => {
      const specs = newSpecs();
      finish(podOf('first', spec, annotations), specs);
      const { isShared, ...second } = finish(podOf('second', spec, annotations), specs);
      const { isShared: _, ...alone } = finish(podOf('second', spec, annotations), undefined);
      assert.equal(isShared, true);
      assert.deepEqual(second, alone);
    });
  }

  it('other annotations are judged by themselves', () => {
    const specs = newSpecs();
    finish(podOf('first'), specs);
    assert.equal(finish(podOf('second', {}, { team: 'shop' }), specs).isShared, false);
  });

  it('what was refused is refused again', () => {
    const specs = newSpecs();
    const refused = () => finish(podOf('pod', { restartPolicy: 'Sometimes' }), specs).errors?.length;
    assert.deepEqual([refused(), refused()], [1, 1]);
  });

  it('a pod with a volume that is named after it is judged by itself', () => {
    const volumeClaimTemplate = {
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    };
    const pod = podOf('pod', { volumes: [{ name: 'data', ephemeral: { volumeClaimTemplate } }] });
    assert.equal(newSpecs().lookUp(pod), undefined);
  });

  it('what is large is not kept, nor more than some hundred', () => {
    const specs = newSpecs();
    const large = () => podOf('pod', { containers: [{ name: 'app', image: 'shop', args: ['x'.repeat(20_000)] }] });
    finish(large(), specs);
    assert.equal(specs.lookUp(large())?.verdict, undefined);
    const named = (n: number) => podOf('pod', { hostname: `host-${n}` });
    for (let n = 0; n < 300; n += 1) finish(named(n), specs);
    assert.equal(specs.lookUp(named(0))?.verdict, undefined);
    assert.deepEqual(specs.lookUp(named(299))?.verdict, { warnings: [], isEncoded: true });
  });
});
