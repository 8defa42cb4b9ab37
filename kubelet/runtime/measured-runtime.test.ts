import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Metrics } from '../../base/metrics.ts';
import { measureRuntime } from './measured-runtime.ts';
import { FakeRuntime } from './testing/fake-runtime.ts';
import { testRuntime } from './testing/runtime-conformance.ts';

describe('a measured runtime', () => {
  it('counts calls, and those that fail', async () => {
    const metrics = new Metrics();
    const runtime = measureRuntime(new FakeRuntime(), metrics);
    await runtime.list();
    await runtime.list();
    await assert.rejects(runtime.openPort('sandbox', 80), /nothing listens on port 80/);
    const text = await metrics.text();
    assert.match(text, /^kubelet_runtime_operations_total\{operation_type="list_containers"\} 2$/m);
    assert.match(text, /^kubelet_runtime_operations_errors_total\{operation_type="port_forward"\} 1$/m);
    assert.match(text, /^kubelet_runtime_operations_duration_seconds_count\{operation_type="list_containers"\} 2$/m);
  });

  testRuntime(async () => {
    const fake = new FakeRuntime();
    fake.addImage('busybox:1');
    return { runtime: measureRuntime(fake, new Metrics()), imageName: 'busybox:1' };
  });
});
