/**
 * Every command that clients use, verb by verb and flag by flag where the flag changes what is asked of the server. Each
 * kubectl shows each of them, with what it prints and, unless it only reads, with what it does; `missingCommands` says which it
 * has not.
 */

export interface ShownCommand {
  readonly command: string;
  readonly hasEffect: boolean;
}

export interface ListedCommand {
  readonly name: string;
  /** What shows it. */
  readonly words: RegExp;
  /** Changes nothing: what it prints is all there is to check. */
  readonly reads?: true;
  /** First minor version of kubectl that has it. */
  readonly since?: number;
}

const reading = (name: string, words: RegExp = startOf(name), since = 0): ListedCommand => ({
  name,
  words,
  reads: true,
  since,
});
const changing = (name: string, words: RegExp = startOf(name), since = 0): ListedCommand => ({ name, words, since });

function startOf(name: string): RegExp {
  const [verb = '', ...others] = name.split(' ').map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^'?${verb}\\b${others.map((word) => `.* '?${word}(?=[ =']|$)`).join('')}`);
}

/** Shown on the API alone. */
export const apiCommands: readonly ListedCommand[] = [
  ...['version', 'api-versions', 'api-resources', 'cluster-info', 'explain', 'explain --recursive'].map((name) =>
    reading(name),
  ),
  reading('get'),
  ...['wide', 'json', 'yaml', 'name'].map((form) => reading(`get -o ${form}`)),
  reading('get -o jsonpath', /^get .*-o '?jsonpath=/),
  reading('get -o custom-columns', /^get .*-o custom-columns=/),
  ...['--server-print', '--sort-by', '--show-labels', '-L', '-l', '--field-selector', '-A', '--raw', '-w'].map((flag) =>
    reading(`get ${flag}`),
  ),
  reading('get one -w', /^get \w+ [\w-]+ -w .*-o json/),
  reading('get several', /^get \w+\/\S+ \w+\/\S+/),
  reading('get --subresource', undefined, 24),
  ...['pod', 'deployment', 'service', 'node', 'namespace'].map((kind) => reading(`describe ${kind}`)),
  changing('create -f'),
  ...[
    ...['configmap', 'secret', 'namespace', 'serviceaccount', 'service', 'deployment', 'job', 'quota', 'role'],
    ...['rolebinding', 'clusterrole', 'clusterrolebinding', 'priorityclass'],
  ].map((type) => changing(`create ${type}`)),
  ...['cronjob', 'ingress', 'poddisruptionbudget'].map((type) => changing(`create ${type}`, undefined, 25)),
  changing('create token', undefined, 24),
  changing('create --dry-run=server'),
  changing('create --dry-run=client'),
  changing('apply -f'),
  changing('apply --server-side', undefined, 22),
  ...['apply --prune', 'apply -k', 'apply set-last-applied', 'apply edit-last-applied'].map((name) => changing(name)),
  reading('apply view-last-applied'),
  changing('diff'),
  reading('kustomize'),
  changing('replace -f'),
  changing('replace --force'),
  changing('patch', /^patch (?!.*--type)(?!.*--subresource)/),
  changing('patch --type=merge'),
  changing('patch --type=json'),
  changing('patch --subresource', undefined, 24),
  ...['edit', 'label', 'label --all', 'annotate'].map((name) => changing(name)),
  ...['image', 'env', 'resources', 'serviceaccount', 'selector', 'subject'].map((field) => changing(`set ${field}`)),
  ...['scale', 'scale --current-replicas', 'autoscale', 'expose', 'run', 'run --expose'].map((name) => changing(name)),
  reading('rollout status'),
  reading('rollout history'),
  ...['pause', 'resume', 'restart', 'undo'].map((action) => changing(`rollout ${action}`)),
  reading('wait for a condition', /^wait --for=condition=/),
  reading('wait for a JSON path', /^wait '--for=jsonpath=/, 23),
  reading('wait --for=delete'),
  reading('wait --for=create', undefined, 31),
  changing('delete', /^delete \w+ [\w-]+$/),
  ...['-f', '-l', '--all', '--now', '--force', '--dry-run'].map((flag) => changing(`delete ${flag}`)),
  ...['foreground', 'background', 'orphan'].map((way) => changing(`delete --cascade=${way}`)),
  changing('delete namespace'),
  ...['cordon', 'uncordon', 'drain', 'taint'].map((name) => changing(name)),
  reading('proxy'),
  changing('debug', /^debug (?!node)(?!.*--copy-to)/, 25),
  changing('debug --copy-to', undefined, 25),
  changing('debug node', /^debug node\//, 25),
  reading('top nodes'),
  reading('top pods'),
  changing('certificate approve'),
  changing('certificate deny'),
  reading('auth can-i'),
  reading('auth can-i --list'),
  reading('auth whoami', undefined, 28),
  reading('impersonation', / --as=/),
  reading('events', /^events$/, 28),
  reading('events --for', undefined, 28),
  reading('events --watch', undefined, 28),
  reading('config view'),
];

/** Shown on a whole cluster, where containers run. */
export const clusterCommands: readonly ListedCommand[] = [
  ...['logs', 'logs -f', 'logs -l', 'logs --tail', 'logs --since', 'logs --timestamps', 'logs --limit-bytes'].map(
    (name) => reading(name),
  ),
  reading('logs --previous'),
  ...['exec', 'exec -i', 'exec -it', 'attach -i', 'attach -it', 'run -i'].map((name) => changing(name)),
  changing('cp to a pod', /^cp \S+ [\w-]+:/),
  changing('cp from a pod', /^cp [\w-]+:/),
  reading('port-forward pod', /^port-forward pod\//),
  reading('port-forward service', /^port-forward service\//),
  changing('debug -i', undefined, 25),
  reading('wait for Ready', /^wait --for=condition=Ready/),
  reading('describe pod'),
  reading('get -w'),
  changing('delete pod'),
];

/** Names of those that nothing shown stands for. */
export function missingCommands(
  listed: readonly ListedCommand[],
  shown: readonly ShownCommand[],
  minor: number,
): string[] {
  const isShown = ({ words, reads }: ListedCommand) =>
    shown.some(({ command, hasEffect }) => words.test(command) && (reads === true || hasEffect));
  return listed.filter((one) => minor >= (one.since ?? 0) && !isShown(one)).map(({ name }) => name);
}
