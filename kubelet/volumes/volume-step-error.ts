/** At which step it was that a volume could not be made, in upstream's words: events name it. */

import { errorText } from '../../base/error-text.ts';

/** The message begins with the step and the volume's own name, which for a claim is that of its PersistentVolume. */
export class VolumeStepError extends Error {
  override readonly name = 'VolumeStepError';
}

export type VolumeStep = 'WaitForAttach' | 'MountDevice' | 'SetUp' | 'NodeExpandVolume';

/** What `work` throws is a `VolumeStepError`. */
export async function inStep<T>(step: VolumeStep, volume: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new VolumeStepError(`MountVolume.${step} failed for volume "${volume}" : ${errorText(error)}`, {
      cause: error,
    });
  }
}
