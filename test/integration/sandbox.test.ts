/** The sandbox of the end-to-end tests ends when it is told to, leaves nothing, and writes nothing of the developer's. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.ts';

const sandboxScript = fileURLToPath(new URL('../support/sandbox.sh', import.meta.url));

/** A container in a group of control of its own, a mount and a file: what could be left behind. Then `last`. */
const busy = (last: string): string => `
  set -e
  tar -C "$(dirname "$(command -v busybox)")" -c busybox | docker import - busy >"$TMPDIR/imported"
  docker run --detach --network host busy /busybox sleep 1000 >"$TMPDIR/started"
  mkdir /run/mounted && mount -t tmpfs mounted /run/mounted
  echo "ready $LONGSHORE_SANDBOX"
  ${last}`;

interface Started {
  readonly child: ChildProcess;
  /** The sandbox's own. */
  readonly folder: string;
}

/** Resolves when what runs in the sandbox says that it is ready. */
async function start(command: string, words: readonly string[]): Promise<Started> {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const folder = await eventually('the sandbox is ready', () => {
    if (child.exitCode !== null) throw new Error(`It ended: ${output}`);
    return /ready (\/\S+)/.exec(output)?.[1];
  });
  return { child, folder };
}

/** Processes, mounts, groups of control and files that belong to the sandbox. */
function traces(folder: string): string[] {
  const name = basename(folder);
  const processes = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && entry !== String(process.pid));
  const ofProcesses = processes.flatMap((pid) =>
    ['environ', 'cgroup', 'mountinfo']
      .filter((file) => readMaybe(`/proc/${pid}/${file}`).includes(name))
      .map((file) => `${file} of process ${pid}`),
  );
  // The first version of cgroups has a folder for each controller, the second has none.
  const groups = ['.', ...readdirSync('/sys/fs/cgroup')].filter((controller) =>
    existsSync(join('/sys/fs/cgroup', controller, name)),
  );
  return [...ofProcesses, ...groups.map((group) => `cgroup ${group}`), ...(existsSync(folder) ? [folder] : [])];
}

function readMaybe(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the process has ended meanwhile
  }
}

const leavesNothing = (folder: string) =>
  eventually('nothing is left of it', () => {
    assert.deepEqual(traces(folder), []);
    return true;
  });

describe('the sandbox', { concurrency: 3 }, () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`ends on ${signal}, and leaves nothing`, async () => {
      const { child, folder } = await start(sandboxScript, ['bash', '-c', busy('exec sleep 1000')]);
      assert.ok(traces(folder).length > 3, 'what this test looks for is there');
      child.kill(signal);
      assert.deepEqual(await once(child, 'exit'), [143, null]);
      assert.deepEqual(traces(folder), []);
    });
  }

  it('ends when whoever started it is killed, and leaves nothing', async () => {
    const line = '"$0" bash -c "$1" & wait';
    const { child, folder } = await start('bash', ['-c', line, sandboxScript, busy('exec sleep 1000')]);
    child.kill('SIGKILL');
    await leavesNothing(folder);
  });

  it('ends when its terminal is closed, and leaves nothing', async () => {
    const quoted = `'${busy('exec sleep 1000').replaceAll("'", `'\\''`)}'`;
    const { child, folder } = await start('script', ['-qefc', `exec ${sandboxScript} bash -c ${quoted}`, '/dev/null']);
    child.kill('SIGKILL');
    await leavesNothing(folder);
  });

  it('kills a command that does not end, and leaves nothing', async () => {
    const { child, folder } = await start(sandboxScript, ['bash', '-c', busy(`trap '' TERM; sleep 1000 & wait`)]);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [143, null]);
    assert.deepEqual(traces(folder), []);
  });

  it('ends with its command’s code, which reads the input that it was given', async () => {
    const child = spawn(sandboxScript, ['bash', '-c', 'echo "$LONGSHORE_SANDBOX"; read -r code; exit $code']);
    const exited = once(child, 'exit');
    child.stdin.end('7\n');
    const [folder] = (await once(child.stdout, 'data')) as [Buffer];
    assert.deepEqual(await exited, [7, null]);
    assert.deepEqual(traces(folder.toString().trim()), []);
  });

  it('neither sees nor writes the folders outside, also when one of them is removed meanwhile', async () => {
    const shared = await mkdtemp(join(tmpdir(), 'longshore-outside-'));
    // The outside is a mount namespace with a /var/lib of its own, so that no developer's data is removed.
    const outside = `
      set -e
      mount -t tmpfs outside /var/lib
      mkdir /var/lib/longshore
      echo theirs >/var/lib/longshore/admin.kubeconfig
      "$0" bash -c "$1" &
      until [ -e "$SHARED/inside" ]; do sleep 0.05; done
      rm -r /var/lib/longshore
      touch "$SHARED/removed"
      wait $!
      [ ! -e /etc/written-inside ] && [ ! -e /run/written-inside ] && [ ! -e /var/log/written-inside ]
      ls -A /var/lib`;
    const inside = `
      set -e
      [ -z "$(ls -A /var/lib/longshore)" ]
      touch "$SHARED/inside"
      until [ -e "$SHARED/removed" ]; do sleep 0.05; done
      for folder in /var/lib/longshore /var/lib /var/log /etc /run; do touch $folder/written-inside; done`;
    const words = ['--mount', '--propagation', 'private', 'bash', '-c', outside, sandboxScript, inside];
    const child = spawn('unshare', words, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, SHARED: shared },
    });
    let left = '';
    child.stdout.on('data', (chunk: Buffer) => {
      left += chunk.toString();
    });
    assert.deepEqual(await once(child, 'close'), [0, null]);
    assert.equal(left, '');
    await rm(shared, { recursive: true });
  });
});
