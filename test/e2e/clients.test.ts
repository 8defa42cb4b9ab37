/** Streams, with every kubectl that this machine has, to a container that runs: exec, cp, attach, logs -f, port-forward. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Pod } from 'kubernetes-types/core/v1';
import { pods } from '../../api/core/pod.ts';
import { importSleeper } from '../support/engine-state.ts';
import { eventually } from '../support/eventually.ts';
import { allKubectls, Kubectl } from '../support/kubectl.ts';
import { LocalCluster } from '../support/local-cluster.ts';

const namespace = 'default';
const image = 'longshore-test/streams:1';
/** Talks once a second, echoes what it hears, and serves its own name over HTTP. */
const program = `
  /bin/busybox --install -s /bin
  mkdir -p /www && echo "I am $HOSTNAME" >/www/index.html
  httpd -p 8080 -h /www
  (i=0; while :; do i=$((i+1)); echo "tick $i"; sleep 1; done) &
  while read line; do echo "heard $line"; done
  wait`;

const streamer = (name: string): Pod => ({
  metadata: { name, namespace },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'c', image, stdin: true, command: ['sh', '-c', program] }],
  },
});

const binaries = await allKubectls();

describe('streaming commands of kubectl', () => {
  let cluster: LocalCluster;

  before(async () => {
    await importSleeper(image);
    cluster = await LocalCluster.start({ flags: ['--no-demo'] });
    await cluster.client.create<Pod>(pods, streamer('streams'));
    await eventually(
      'the pod runs',
      async () => {
        const { status } = await cluster.client.get(pods, { namespace, name: 'streams' });
        return status?.phase === 'Running';
      },
      { timeoutMs: 60_000 },
    );
  });
  after(() => cluster.remove());

  for (const binary of binaries) {
    describe(`kubectl ${binary.version}`, () => {
      let kubectl: Kubectl;
      let folder: string;

      before(async () => {
        kubectl = await Kubectl.open(binary, cluster.kubeconfig);
        folder = await mkdtemp(join(tmpdir(), 'longshore-streams-'));
      });
      after(async () => {
        await kubectl.close();
        await rm(folder, { recursive: true });
      });

      /** Starts it, waits until it has written what is looked for, and ends it. */
      async function until(words: readonly string[], wanted: RegExp, input = ''): Promise<void> {
        const child = kubectl.start(words);
        const exited = once(child, 'exit');
        let output = '';
        for (const stream of [child.stdout, child.stderr]) {
          stream.on('data', (chunk: Buffer) => {
            output += chunk.toString();
          });
        }
        child.stdin.write(input);
        await eventually(`${words[0]} writes ${wanted}, not ${output}`, () => wanted.test(output));
        child.kill();
        await exited;
      }

      it('exec keeps both outputs apart and has the exit code', async () => {
        const { code, stdout, stderr } = await kubectl.run([
          'exec',
          'streams',
          '--',
          'sh',
          '-c',
          'echo out; echo err >&2; exit 7',
        ]);
        assert.equal(code, 7);
        assert.equal(stdout, 'out\n');
        assert.match(stderr, /^err\n/);
      });

      it('exec -i reads to the end of what it is given', async () => {
        const stdin = 'x'.repeat(300_000);
        const { code, stdout } = await kubectl.run(['exec', '-i', 'streams', '--', 'wc', '-c'], { stdin });
        assert.equal(code, 0);
        assert.equal(stdout.trim(), '300000');
      });

      it('cp there and back', async () => {
        const text = 'kept\n'.repeat(50_000);
        await writeFile(join(folder, 'there'), text);
        const file = `/tmp-${binary.version}`;
        const up = await kubectl.run(['cp', join(folder, 'there'), `streams:${file}`]);
        assert.equal(up.code, 0, up.stderr);
        const down = await kubectl.run(['cp', `streams:${file}`, join(folder, 'back')]);
        assert.equal(down.code, 0, down.stderr);
        assert.equal(await readFile(join(folder, 'back'), 'utf8'), text);
      });

      it('attach -i talks to the running program', () =>
        until(['attach', '-i', 'streams'], new RegExp(`heard ${binary.version}`), `${binary.version}\n`));

      it('logs -f goes on', () => until(['logs', '-f', '--tail=1', 'streams'], /tick \d+\n(.*\n)*tick \d+\n/));

      it('port-forward brings HTTP', async () => {
        const child = kubectl.start(['port-forward', 'pod/streams', ':8080']);
        const exited = once(child, 'exit');
        let output = '';
        child.stdout.on('data', (chunk: Buffer) => {
          output += chunk.toString();
        });
        try {
          const port = await eventually('it listens', () => /127\.0\.0\.1:(\d+)/.exec(output)?.[1]);
          for (let round = 0; round < 3; round += 1) {
            const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
            assert.equal(await response.text(), 'I am streams\n');
          }
        } finally {
          child.kill();
          await exited;
        }
      });
    });
  }
});
