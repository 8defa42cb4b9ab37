/**
 * What of kubectl's commands a client library does too, by the same requests: each library shows each of them. What
 * needs containers that run (exec, attach, cp, port-forward, logs) is shown end to end.
 */
export const libraryCommands: readonly string[] = [
  ...['version', 'api-versions', 'api-resources'],
  ...['get', 'get -l', 'get --field-selector', 'get --subresource', 'get -w', 'get by pages', 'events'],
  ...['create', 'create --dry-run=server', 'create token', 'expose', 'autoscale'],
  ...['apply --server-side', 'diff', 'replace', 'patch', 'patch --type=merge', 'patch --type=json', 'label', 'scale'],
  ...['rollout restart', 'rollout status', 'wait', 'debug'],
  ...['delete', 'delete -l', 'delete --cascade=orphan'],
  ...['cordon', 'taint', 'drain'],
  ...['certificate approve', 'auth can-i', 'auth whoami'],
];

/** Those that `shown` has not. */
export function missingLibraryCommands(shown: Iterable<string>): string[] {
  const names = new Set(shown);
  return libraryCommands.filter((name) => !names.has(name));
}
