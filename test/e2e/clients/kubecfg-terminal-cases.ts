/** kubecfg at a real terminal: keys, sizes, Ctrl-C and exit codes pass through. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pods } from '../../../api/resources/core.ts';
import { packageRoot } from '../../../base/package-root.ts';
import { ifPresent } from '../../../client/if-present.ts';
import { eventually } from '../../support/eventually.ts';
import { Terminal } from '../../support/terminal.ts';
import type { KubecfgCase, KubecfgTrial } from './kubecfg-cases.ts';
import { image, namespace } from './streaming-cluster.ts';

const size = { columns: 91, rows: 37 };
const ctrlC = '\x03';

function openTerminal({ target }: KubecfgTrial, words: readonly string[]): Terminal {
  const script = join(packageRoot, 'cli/kubecfg.mjs');
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', KUBECONFIG: target.kubeconfig, TERM: 'xterm' };
  return Terminal.start([process.execPath, script, ...words], { size, env });
}

/** Nothing of it is left, whatever becomes of the case. */
async function withTerminal(terminal: Terminal, work: (terminal: Terminal) => Promise<void>): Promise<void> {
  try {
    await work(terminal);
  } finally {
    await terminal.kill();
  }
}

export const terminalCases: readonly KubecfgCase[] = [
  {
    name: 'exec -it has the size of the terminal, follows it, and ends with the code of the command',
    async run(trial) {
      const script = 'echo begun; stty size; while read line; do stty size; [ "$line" = end ] && exit 7; done';
      await withTerminal(
        openTerminal(trial, ['exec', '-it', 'streams', '--', 'sh', '-c', script]),
        async (terminal) => {
          await terminal.shows(/begun\r+\n/);
          await eventually(
            'its first size',
            () => {
              if (!terminal.output.includes('37 91')) terminal.type('again\r');
              return terminal.output.includes('37 91');
            },
            { everyMs: 500 },
          );
          await terminal.resize({ columns: 103, rows: 21 });
          await eventually(
            'its new size',
            () => {
              if (!terminal.output.includes('21 103')) terminal.type('again\r');
              return terminal.output.includes('21 103');
            },
            { everyMs: 500 },
          );
          terminal.type('end\r');
          assert.equal(await terminal.ended(), 7);
          assert.match(terminal.output, /command terminated with exit code 7/);
        },
      );
    },
  },
  {
    name: 'Ctrl-C at exec -it is for the command',
    async run(trial) {
      const script = 'trap "echo caught; exit 9" INT; echo begun; while :; do sleep 0.1; done';
      await withTerminal(
        openTerminal(trial, ['exec', '-it', 'streams', '--', 'sh', '-c', script]),
        async (terminal) => {
          await terminal.shows(/begun\r+\n/);
          terminal.type(ctrlC);
          assert.equal(await terminal.ended(), 9);
          assert.match(terminal.output, /caught\r+\n/);
        },
      );
    },
  },
  {
    name: 'attach -it gives keys to the process that runs',
    async run(trial) {
      await withTerminal(openTerminal(trial, ['attach', '-it', 'terminal']), async (terminal) => {
        await terminal.shows(/If you don't see a command prompt, try pressing enter\./);
        terminal.type('words\r');
        await terminal.shows(/heard words at \d+ \d+\r+\n/);
      });
    },
  },
  {
    name: 'run -it --rm goes on with the pod to its end, ends with its code, and takes the pod away',
    async run(trial) {
      const script = 'echo begun; read line; echo "heard $line"; exit 5';
      const words = [
        ...['run', 'visitor', '-it', '--rm', '--restart=Never', `--image=${image}`, '--image-pull-policy=Never'],
        ...['--command', '--', '/bin/busybox', 'sh', '-c', script],
      ];
      await withTerminal(openTerminal(trial, words), async (terminal) => {
        await terminal.shows(/begun\r+\n|try pressing enter/);
        terminal.type('words\r');
        await terminal.shows(/heard words\r+\n/);
        assert.equal(await terminal.ended(), 5);
        assert.match(terminal.output, /pod "visitor" deleted/);
      });
      const { client } = trial.target.cluster;
      await eventually('the pod is gone', async () => {
        return (await ifPresent(client.get(pods, { namespace, name: 'visitor' }))) === undefined;
      });
    },
  },
  {
    name: 'debug -it is a shell beside the containers of the pod',
    async run(trial) {
      const words = [
        ...['debug', '-it', 'streams', `--image=${image}`, '-c', 'beside', '--image-pull-policy=Never'],
        ...['--', '/bin/busybox', 'sh', '-c', 'echo begun; read line; echo "heard $line"'],
      ];
      await withTerminal(openTerminal(trial, words), async (terminal) => {
        await terminal.shows(/begun\r+\n|try pressing enter/);
        terminal.type('words\r');
        await terminal.shows(/heard words\r+\n/);
        assert.equal(await terminal.ended(), 0);
      });
    },
  },
];
