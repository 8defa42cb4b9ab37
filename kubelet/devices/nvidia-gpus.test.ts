import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseGpu } from './nvidia-gpus.ts';

const text = `Model: \t\t NVIDIA A100-SXM4-40GB
IRQ:   \t\t 118
GPU UUID: \t GPU-5f0d6a2e-11aa-22bb-33cc-0123456789ab
Video BIOS: \t 92.00.19.00.10
Bus Location: \t 0000:07:00.0
Device Minor: \t 3
`;

describe('parseGpu', () => {
  it('names it by its number, and to the engine by its uuid', () => {
    const uuid = 'GPU-5f0d6a2e-11aa-22bb-33cc-0123456789ab';
    const { name, attributes, handOver } = parseGpu(text) ?? {};
    assert.equal(name, 'gpu-3');
    assert.deepEqual(attributes, {
      'resource.kubernetes.io/pciBusID': { string: '0000:07:00.0' },
      productName: { string: 'NVIDIA A100-SXM4-40GB' },
      uuid: { string: uuid },
    });
    assert.deepEqual(handOver?.deviceRequests, [
      { driver: 'nvidia', ids: [uuid], capabilities: ['gpu', 'compute', 'utility'] },
    ]);
  });

  for (const broken of ['', 'GPU UUID: GPU-0', text.replace(/GPU-5f.*/, 'GPU-../x'), text.replace('3\n', '-1\n')])
    it(`is none when it says ${JSON.stringify(broken.slice(0, 30))}…`, () => assert.equal(parseGpu(broken), undefined));
});
