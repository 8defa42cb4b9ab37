import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cause } from '../../../api/pod-explanation.ts';
import { events } from '../../../api/resources/core.ts';
import { storedObject } from '../../../client/testing/stored-object.ts';
import { addWhatEventsTell } from './told-by-events.ts';

const event = (reason: string, message: string, second: number, fieldPath?: string) =>
  storedObject(events, {
    metadata: { name: `e${second}` },
    ...{ involvedObject: fieldPath === undefined ? {} : { fieldPath }, reason, message },
    lastTimestamp: `2030-01-01T00:00:0${second}Z`,
  });
const making: Cause = { type: 'creation', message: 'Its containers are being made: c.' };
const crash: Cause = { type: 'crash', container: 'c', message: 'The container c keeps ending: exit code 0.' };
const probe = event('Unhealthy', 'Liveness probe failed: refused', 3, 'spec.containers{c}');

describe('what only warnings tell of a pod', () => {
  it('the last volume that could not be mounted takes the place of "being made"', () => {
    const warnings = [event('FailedMount', 'secret "b" not found', 2), event('FailedMount', 'old', 1)];
    assert.deepEqual(addWhatEventsTell([making], warnings), [
      {
        ...{ type: 'volume', message: 'secret "b" not found' },
        help: ['make what is missing, or set optional: true where it is named'],
      },
    ]);
  });
  it('a sandbox that could not be made does, too', () => {
    const [cause] = addWhatEventsTell([making], [event('FailedCreatePodSandBox', 'no such driver', 1)]);
    assert.deepEqual(cause, { type: 'creation', message: 'no such driver' });
  });
  it('the probe for which a container was ended is said of that container only', () => {
    const [mine, other] = addWhatEventsTell([crash, { ...crash, container: 'd' }], [probe]);
    assert.match(mine?.help?.join() ?? '', /last because: Liveness probe failed: refused$/);
    assert.equal(other?.help, undefined);
  });
  it('what is known already stays, and so does what no warning is about', () => {
    const known = { ...crash, help: ['raise the memory limit'] };
    assert.deepEqual(addWhatEventsTell([known, making], [probe]), [known, making]);
  });
});
