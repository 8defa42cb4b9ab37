/** What `/version` says. */

import { gitVersion, kubernetesVersion } from '../../base/version.ts';

const major = String(kubernetesVersion.major);
const minor = String(kubernetesVersion.minor);

export const versionInfo = {
  major,
  minor,
  emulationMajor: major,
  emulationMinor: minor,
  minCompatibilityMajor: major,
  minCompatibilityMinor: String(kubernetesVersion.minor - 1),
  gitVersion,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
} as const;
