import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withOverrides } from './overrides.ts';

const pod = { metadata: { name: 'p' }, spec: { restartPolicy: 'Always', containers: [{ name: 'p', image: 'i' }] } };

describe('withOverrides', () => {
  it('merges an object, lists as a whole', () =>
    assert.deepEqual(withOverrides(pod, '{"apiVersion":"v1","spec":{"restartPolicy":null,"nodeName":"a"}}', 'merge'), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { nodeName: 'a', containers: [{ name: 'p', image: 'i' }] },
    }));
  it('applies a JSON patch', () =>
    assert.deepEqual(
      withOverrides(pod, '[{"op":"replace","path":"/spec/containers/0/image","value":"j"}]', 'json').spec?.containers,
      [{ name: 'p', image: 'j' }],
    ));
  const refused: readonly [text: string, type: 'merge' | 'json', message: RegExp][] = [
    ['{', 'merge', /--overrides is not JSON/],
    ['[]', 'merge', /must be a JSON object/],
    ['{}', 'json', /must be a list of operations/],
    ['[{"op":"remove","path":"/spec/none/0"}]', 'json', /cannot be applied/],
    ['{"kind":"Secret"}', 'merge', /makes v1 Secret of what must stay a v1 Pod/],
  ];
  for (const [text, type, message] of refused)
    it(`refuses ${text} as ${type}`, () => assert.throws(() => withOverrides(pod, text, type), message));
});
