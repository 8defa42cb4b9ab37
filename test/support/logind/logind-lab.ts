/** A system bus of a test's own, with somebody on it who says what logind says; needs Debian's dbus-daemon. */

import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { packageRoot } from '../../../base/package-root.ts';
import { eventually } from '../eventually.ts';

const busConfig = (socket: string) => `<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <policy context="default">
    <allow user="*"/> <allow own="*"/> <allow eavesdrop="true"/>
    <allow send_destination="*"/> <allow send_type="signal"/> <allow receive_sender="*"/>
  </policy>
</busconfig>
`;

export class LogindLab {
  /** Of programs that are to meet this logind. */
  readonly env: Readonly<Record<string, string>>;
  readonly configFolder: string;
  readonly #folder: string;
  readonly #bus: ChildProcess;
  readonly #logind: ChildProcessByStdio<Writable, Readable, null>;
  #said = '';

  private constructor(folder: string) {
    this.#folder = folder;
    this.configFolder = join(folder, 'logind.conf.d');
    const socket = join(folder, 'bus');
    this.env = {
      PATH: [join(folder, 'bin'), process.env.PATH].join(delimiter),
      DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${socket}`,
    };
    const stdio = 'ignore';
    this.#bus = spawn('dbus-daemon', [`--config-file=${join(folder, 'bus.conf')}`, '--nofork', '--nopidfile'], {
      stdio,
    });
    const script = join(packageRoot, 'test/support/logind/played-logind.py');
    const waiting = `until [ -S ${socket} ]; do sleep 0.1; done; exec python3 ${script} ${socket} ${this.configFolder}`;
    this.#logind = spawn('sh', ['-c', waiting], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#logind.stdout.on('data', (data: Buffer) => (this.#said += data.toString()));
  }

  static async start(): Promise<LogindLab> {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-logind-'));
    await mkdir(join(folder, 'bin'));
    await writeFile(join(folder, 'bus.conf'), busConfig(join(folder, 'bus')));
    const lab = new LogindLab(folder);
    await lab.says('ready');
    // Here there is no systemd that would send logind a signal.
    await writeFile(join(folder, 'bin/systemctl'), `#!/bin/sh\nexec kill -HUP ${lab.#logind.pid}\n`, { mode: 0o755 });
    return lab;
  }

  /** Resolves when it has said this line so often. */
  async says(line: string, times = 1): Promise<void> {
    await eventually(`logind says ${line}`, () => this.count(line) >= times);
  }

  count(line: string): number {
    return this.#said.split('\n').filter((one) => one === line).length;
  }

  tell(line: 'shutdown' | 'cancel'): void {
    this.#logind.stdin.write(`${line}\n`);
  }

  async stop(): Promise<void> {
    this.#logind.stdin.end();
    await ended(this.#logind);
    this.#bus.kill();
    await ended(this.#bus);
    await rm(this.#folder, { recursive: true });
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
