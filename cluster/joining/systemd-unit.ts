/** The unit by which systemd keeps a worker running. Pure. */

export interface WorkerUnit {
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export const unitName = 'longshore-node.service';
export const unitFile = `/etc/systemd/system/${unitName}`;

/**
 * After Docker and not with it: a restart of Docker must not stop the node. Only the process itself is signalled;
 * containers are Docker's, and run on.
 */
export function workerUnitText({ command, environment = {} }: WorkerUnit): string {
  const variables = Object.entries(environment).map(
    ([name, value]) => `Environment=${quote(`${name}=${value}`, false)}`,
  );
  return [
    '[Unit]',
    'Description=Longshore worker: kubelet and proxy',
    'Wants=network-online.target',
    'After=network-online.target docker.service',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${command.map((word) => quote(word, true)).join(' ')}`,
    ...variables,
    'Restart=always',
    'RestartSec=1',
    'KillMode=mixed',
    'TimeoutStopSec=30',
    'LimitNOFILE=1048576',
    'OOMScoreAdjust=-999',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

/** As systemd reads it: `%` begins a specifier, `$` a variable in a command, and quotes and spaces part words. */
function quote(word: string, isCommand: boolean): string {
  if (/[\n\r\0]/.test(word)) throw new RangeError('A unit cannot hold line breaks in a word');
  const percents = word.replaceAll('%', '%%');
  const escaped = isCommand ? percents.replaceAll('$', '$$$$') : percents;
  if (/^[A-Za-z0-9_./:=@,+%$-]+$/.test(escaped)) return escaped;
  return `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
