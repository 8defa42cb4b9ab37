/** Sources of volumes that a test does not use: whoever asks one fails it. */

import type { VolumesOptions } from '../volumes.ts';

const unused = (what: string) => async (): Promise<never> => {
  throw new Error(`the test uses no ${what}`);
};

export function unusedSources(): Pick<VolumesOptions, 'claims' | 'csi' | 'imageFiles' | 'tokens'> {
  const tokens = { token: unused('token'), issue: unused('token') };
  return {
    tokens,
    claims: { boundOf: unused('claim'), noteSize: unused('claim') },
    imageFiles: { copyFromImage: unused('image') },
    csi: {
      tokens,
      client: { get: unused('CSI driver') },
      nodeName: 'n',
      root: '/nowhere',
      drivers: {
        clientOf: (name) => {
          throw new Error(`driver name ${name} not found in the list of registered CSI drivers`);
        },
      },
      whenReported: unused('attachment'),
    },
  };
}
