/** kubecfg's streaming commands, on the pods of the streaming cluster. */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { eventually } from '../../support/eventually.ts';
import type { TestKubecfg } from '../../support/kubecfg.ts';
import { bigFileSize, image, type StreamingCluster } from './streaming-cluster.ts';

export interface KubecfgTrial {
  readonly kubecfg: TestKubecfg;
  readonly target: StreamingCluster;
  readonly folder: string;
}

export interface KubecfgCase {
  readonly name: string;
  run(trial: KubecfgTrial): Promise<void>;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const kubecfgCases: readonly KubecfgCase[] = [
  {
    name: 'exec gives output, errors and the exit code',
    async run({ kubecfg }) {
      const line = ['exec', 'streams', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3'];
      assert.deepEqual(await kubecfg.run(line), {
        code: 3,
        out: 'out\n',
        errors: 'err\ncommand terminated with exit code 3\n',
      });
      assert.equal(await kubecfg.must(['exec', 'svc/streams', '-c', 'c', '--', 'hostname']), 'streams\n');
    },
  },
  {
    name: 'exec -i passes input on to its end',
    async run({ kubecfg }) {
      const bytes = randomBytes(3 << 20);
      const input = Readable.from([bytes.subarray(0, 1 << 20), bytes.subarray(1 << 20)]);
      const { out, code } = await kubecfg.run(['exec', '-i', 'streams', '--', 'sha256sum'], { input });
      assert.deepEqual([code, out.split(' ')[0]], [0, sha256(bytes)]);
    },
  },
  {
    name: 'exec says what is wrong: no command, no pod, no container, no program',
    async run({ kubecfg }) {
      const mistakes: [line: string, says: RegExp][] = [
        ['exec streams ls', /is not supported anymore\. Use exec \[POD\] -- \[COMMAND\] instead/],
        ['exec streams', /you must specify at least one command for the container/],
        ['exec missing -- ls', /pods "missing" not found/],
        ['exec streams -c x -- ls', /container x not found in pod streams/],
        ['exec streams -- /no/such', /no such file|not found/],
      ];
      for (const [line, says] of mistakes) {
        const { code, errors } = await kubecfg.run(line);
        assert.match(errors, says, line);
        assert.notEqual(code, 0, line);
      }
    },
  },
  {
    name: 'attach gives what is written from now on, and takes input',
    async run({ kubecfg }) {
      const stop = new AbortController();
      let seen = '';
      const onOutput = (out: string) => {
        seen = out;
      };
      const input = new Readable({ read: () => {} });
      const attached = kubecfg.run('attach -i streams', { signal: stop.signal, input, onOutput });
      await eventually('it talks', () => /tick \d+\n/.test(seen));
      input.push('attached words\n');
      await eventually('it heard', () => seen.includes('heard attached words\n'));
      stop.abort();
      await attached;
    },
  },
  {
    name: 'logs: tail, prefix, by labels, followed',
    async run({ kubecfg }) {
      // A line that is written while the log is read comes, too.
      assert.match(await kubecfg.must('logs streams --tail 1'), /^([^\n]+\n){1,9}$/);
      assert.match(await kubecfg.must('logs -l app=streams --tail 2 --prefix'), /^(\[pod\/streams\/c\] .*\n){2,9}$/);
      const stop = new AbortController();
      let seen = '';
      const onOutput = (out: string) => {
        seen = out;
      };
      const following = kubecfg.run('logs -f svc/streams --tail 1', { signal: stop.signal, onOutput });
      await eventually('it goes on', () => seen.split('\n').length > 3);
      stop.abort();
      assert.equal((await following).code, 0);
    },
  },
  {
    name: 'cp takes a folder there and back, a file into a folder, and no link',
    async run({ kubecfg, folder }) {
      const from = join(folder, 'tree');
      const bytes = randomBytes(300_000);
      await mkdir(join(from, 'deep'), { recursive: true });
      await writeFile(join(from, 'deep', 'big'), bytes, { mode: 0o640 });
      await writeFile(join(from, 'empty'), '');
      await symlink('/etc/passwd', join(from, 'link'));
      await kubecfg.must(['cp', from, 'streams:/tmp/copied']);
      assert.match(await kubecfg.must('exec streams -- sha256sum /tmp/copied/deep/big'), new RegExp(sha256(bytes)));
      const back = await kubecfg.run(['cp', 'default/streams:/tmp/copied', join(folder, 'back')]);
      assert.equal(back.code, 0, back.errors);
      assert.match(back.errors, /skipping symlink/);
      assert.equal(sha256(await readFile(join(folder, 'back', 'deep', 'big'))), sha256(bytes));
      assert.equal(await readFile(join(folder, 'back', 'empty'), 'utf8'), '');
      await kubecfg.must(['cp', join(from, 'empty'), 'streams:/tmp']);
      assert.equal(await kubecfg.must('exec streams -- ls /tmp/empty'), '/tmp/empty\n');
      const missing = await kubecfg.run(['cp', 'streams:/tmp/nothing', join(folder, 'nothing')]);
      assert.deepEqual([missing.code, /no such file or directory/i.test(missing.errors)], [1, true]);
    },
  },
  {
    name: 'port-forward carries connections to a pod and to a Service',
    async run({ kubecfg }) {
      for (const [words, path, size] of [
        ['streams :8080', '/big', bigFileSize],
        ['svc/streams :80', '/big', bigFileSize],
      ] as const) {
        const stop = new AbortController();
        let seen = '';
        const onOutput = (out: string) => {
          seen = out;
        };
        const forwarding = kubecfg.run(`port-forward ${words}`, { signal: stop.signal, onOutput });
        const port = await eventually(
          'it listens',
          () => /^Forwarding from 127\.0\.0\.1:(\d+) -> 8080$/m.exec(seen)?.[1],
        );
        const bodies = await Promise.all(
          [1, 2].map(async () => (await fetch(`http://127.0.0.1:${port}${path}`)).arrayBuffer()),
        );
        assert.deepEqual(
          bodies.map(({ byteLength }) => byteLength),
          [size, size],
        );
        stop.abort();
        assert.equal((await forwarding).code, 0);
        assert.match(seen, /^Handling connection for \d+$/m);
      }
    },
  },
  {
    name: 'debug adds a container to a pod, and goes on with it to its end',
    async run({ kubecfg, target }) {
      const line = `debug streams -i --image=${image} -c looked --target=c --image-pull-policy=Never -- /bin/busybox head -n 1`;
      const { code, out, errors } = await kubecfg.run(line, { input: Readable.from([Buffer.from('hello\n')]) });
      assert.deepEqual([code, out], [0, 'hello\n'], errors);
      assert.match(errors, /^Targeting container "c"/);
      const { spec } = await target.read('streams');
      assert.equal(spec?.ephemeralContainers?.find(({ name }) => name === 'looked')?.targetContainerName, 'c');
      const again = await kubecfg.run(line);
      assert.match(again.errors, /has a container "looked" already/);
    },
  },
  {
    name: 'debug copies a pod with another command, and makes a pod on a node',
    async run({ kubecfg, target }) {
      const command = ['-c', 'c', '--', '/bin/busybox', 'echo', 'copied'];
      await kubecfg.must([
        'debug',
        'streams',
        '--copy-to',
        'copy',
        '--same-node',
        '--share-processes=false',
        ...command,
      ]);
      await target.untilSaid('copy', 'copied\n');
      const { metadata, spec } = await target.read('copy');
      assert.deepEqual([metadata?.labels, spec?.containers.length], [undefined, 1]);
      await kubecfg.must('delete pod copy --now');
      const node = spec?.nodeName ?? '';
      const seen = ['--', '/bin/busybox', 'ls', '-d', '/host/proc'];
      const made = await kubecfg.must(['debug', `node/${node}`, '--attach', `--image=${image}`, ...seen]);
      const name = /^Creating debugging pod (node-debugger-\S+) with container debugger on node/.exec(made)?.[1];
      assert.match(made, /\/host\/proc\n$/);
      await kubecfg.must(`delete pod ${name} --now`);
    },
  },
  {
    name: 'drain says which pods it may not evict, and evicts those it may',
    async run({ kubecfg, target }) {
      await kubecfg.must('run guest --image=img:1 --labels=drained=yes --image-pull-policy=Never');
      const { spec } = await target.read('streams');
      const node = spec?.nodeName ?? '';
      await eventually('it has a node', async () => (await target.read('guest')).spec?.nodeName === node);
      const words = ['drain', node, '--pod-selector', 'drained=yes', '--grace-period=0'];
      const refused = await kubecfg.run(words);
      assert.deepEqual([refused.code, /default\/guest/.test(refused.errors)], [1, true], refused.errors);
      const drained = await kubecfg.must([...words, '--force']);
      assert.match(drained, /evicting pod default\/guest\n[\s\S]*pod\/guest evicted\n/);
      assert.match(drained, new RegExp(`node/${node} drained`));
      await kubecfg.must(['uncordon', node]);
    },
  },
];
