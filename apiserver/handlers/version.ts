/** What `/version` says: Kubernetes-shaped, so that version checks of tools pass. */

export const versionInfo = {
  major: '1',
  minor: '33',
  gitVersion: 'v1.33.0+longshore.0.1.0',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
} as const;
