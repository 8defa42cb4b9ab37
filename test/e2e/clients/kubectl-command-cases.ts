/** What kubectl does to containers that run, besides port-forward: exec, attach, cp, logs, run, debug. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../support/eventually.ts';
import { collect, endOf, type StreamCase, until } from './stream-trial.ts';
import { image } from './streaming-cluster.ts';

const manyLines = (megabytes: number): string => {
  const line = (number: number) => `${number.toString(16).padStart(15, '0')}\n`;
  return Array.from({ length: (megabytes * 1024 * 1024) / 16 }, (_, number) => line(number)).join('');
};

const execCases: readonly StreamCase[] = [
  {
    name: 'exec keeps both outputs apart, has the exit code and an effect',
    async run({ trial, file }) {
      const { code, stdout, stderr } = await trial.run(`exec streams -c c -- sh -c 'echo out; echo err >&2; exit 7'`);
      assert.deepEqual([code, stdout], [7, 'out\n']);
      assert.match(stderr, /^err\n/);
      await trial.shows(`exec streams -c c -- sh -c 'echo made >${file} && echo done'`, {
        prints: 'done\n',
        effect: async () => assert.equal(await trial.ok(`exec streams -- cat ${file}`), 'made\n'),
      });
    },
  },
  {
    name: 'exec says what there is not: program, container, pod, running container',
    async run({ trial, target }) {
      assert.match(await trial.refused('exec streams -- /bin/absent'), /\/bin\/absent.*no such file/);
      assert.match(
        await trial.refused('exec streams -c other -- true'),
        /container other is not valid for pod streams/,
      );
      const words = 'OCI runtime exec failed: so it says';
      assert.equal(await trial.ok(`exec streams -c c -- echo '${words}'`), `${words}\n`);
      assert.match(await trial.refused('exec absent -- true'), /pods "absent" not found/);
      const name = `over-${trial.suffix}`;
      await target.createEnding(name);
      await trial.ok(`exec ${name} -- touch /go`);
      await target.untilPhase(name, 'Failed');
      assert.match(await trial.refused(`exec ${name} -- true`), /completed pod|container not found/);
    },
  },
  {
    name: 'exec -i brings megabytes in and back, to the end of the input',
    async run({ trial, file }) {
      const stdin = manyLines(4);
      await trial.shows(`exec -i streams -- tee ${file}`, {
        stdin,
        prints: stdin,
        effect: async () => assert.match(await trial.ok(`exec streams -- wc -c ${file}`), /^4194304 /),
      });
    },
  },
  {
    name: 'exec brings all of it to a slow reader, and the exit code',
    async run({ trial }) {
      const size = 16 * 1024 * 1024;
      const child = trial.start(`exec streams -- sh -c 'head -c ${size} /dev/zero; exit 3'`);
      const closed = once(child, 'close');
      child.stderr.resume();
      let length = 0;
      for await (const chunk of child.stdout) {
        length += (chunk as Buffer).length;
        await delay(5); // not a wait: this is what makes it slow
      }
      assert.equal(length, size);
      assert.deepEqual(await closed, [3, null]);
    },
  },
  {
    name: 'exec -it has a terminal, which follows ours',
    async run({ trial }) {
      const script = `echo begun; read word; until [ "$(stty size)" = "30 100" ]; do sleep 0.1; done; echo "$word"; exit 5`;
      const command = 'exec -it streams -- sh -c';
      const terminal = trial.kubectl.startInTerminal([...command.split(' '), `stty size; ${script}`], {
        columns: 123,
        rows: 45,
      });
      // Older ones tell their size a moment after they begin; `stty` may be first.
      await terminal.shows(/begun\r\n/);
      await terminal.resize({ columns: 100, rows: 30 });
      terminal.type('resized\n');
      assert.equal(await terminal.ended(), 5, terminal.output);
      assert.match(terminal.output, /resized\r\n(.*\r\n)*resized\r\n/);
      trial.note(`${command} …`);
    },
  },
];

const attachCases: readonly StreamCase[] = [
  {
    name: 'attach -i talks to the running program, both outputs apart',
    async run({ trial, target }) {
      const word = `from ${trial.suffix}`;
      const child = trial.start('attach -i streams');
      const [stdout, stderr, closed] = [collect(child.stdout), collect(child.stderr), once(child, 'close')];
      child.stdin.write(`${word}\n`);
      await until('it has heard', stdout, new RegExp(`heard ${word}\n`));
      await until('it has noted', stderr, new RegExp(`noted ${word}\n`));
      child.kill();
      await closed;
      assert.doesNotMatch(stdout(), /noted/);
      assert.equal((await target.read('streams')).status?.containerStatuses?.[0]?.restartCount, 0);
      trial.note('attach -i streams');
    },
  },
  {
    name: 'attach -it gives a program the size of our terminal',
    async run({ trial }) {
      const terminal = trial.kubectl.startInTerminal(['attach', '-it', 'terminal'], { columns: 91, rows: 37 });
      await eventually(
        'the program has the size',
        () => {
          terminal.type('size\n');
          return terminal.output.includes('heard size at 37 91\r\n');
        },
        { everyMs: 200 },
      );
      await terminal.kill();
      trial.note('attach -it terminal');
    },
  },
  {
    name: 'run -i --rm pipes through a pod and leaves none',
    async run({ trial }) {
      const name = `piped-${trial.suffix}`;
      const override = `{"apiVersion":"v1","spec":{"terminationGracePeriodSeconds":0}}`;
      await trial.shows(
        `run ${name} -i --rm --restart=Never --image=${image} '--overrides=${override}' --command -- /bin/busybox md5sum`,
        {
          stdin: 'piped\n',
          prints: /^(If you don't see a command prompt.*\n)?d9b2e7e51423ac439f39fa0eca596437 +-\n/m,
          effect: () => trial.isGone('Pod', name),
        },
      );
    },
  },
  {
    name: 'debug -i talks to an ephemeral container, until that ends',
    since: 25,
    async run({ trial, target }) {
      const name = `debug-${trial.suffix}`;
      const command = `debug streams -i --image=${image} --container=${name} -- /bin/busybox head -n 1`;
      const child = trial.start(command);
      const running = endOf(child);
      // Its input stays open: whoever ends it detaches.
      child.stdin.write('piped\n');
      assert.equal(await running.code, 0, running.stderr());
      assert.match(running.stdout(), /^piped\n$/m);
      const ended = await eventually('it has ended', async () => {
        const { status } = await target.read('streams');
        return status?.ephemeralContainerStatuses?.find((one) => one.name === name)?.state?.terminated;
      });
      assert.equal(ended.exitCode, 0);
      trial.note(command);
    },
  },
];

const copyCases: readonly StreamCase[] = [
  {
    name: 'cp there and back, files and folders',
    async run({ trial, folder, file }) {
      const text = manyLines(2);
      await writeFile(join(folder, 'there'), text);
      await trial.shows(`cp ${join(folder, 'there')} streams:${file}`, {
        prints: '',
        effect: async () => assert.match(await trial.ok(`exec streams -- wc -c ${file}`), /^2097152 /),
      });
      await trial.shows(`cp streams:${file} ${join(folder, 'back')} -c c`, {
        prints: /^(tar: removing leading '\/' from member names\n)?$/i,
        effect: async () => assert.equal(await readFile(join(folder, 'back'), 'utf8'), text),
      });
      await trial.ok(`exec streams -- sh -c 'mkdir -p ${file}.d/in && echo deep >${file}.d/in/file'`);
      await trial.ok(`cp streams:${file}.d ${join(folder, 'tree')}`);
      assert.equal(await readFile(join(folder, 'tree/in/file'), 'utf8'), 'deep\n');
      assert.match(await trial.refused(`cp ${join(folder, 'there')} streams:${file} -c other`), /other/);
    },
  },
];

const logCases: readonly StreamCase[] = [
  {
    name: 'logs, in all their forms',
    async run({ trial, target }) {
      const name = `logged-${trial.suffix}`;
      await target.createEnding(name);
      const following = endOf(trial.start(`logs -f ${name}`));
      await until('the first line', following.stdout, /^first\n$/);
      await trial.ok(`exec ${name} -- touch /go`);
      assert.equal(await following.code, 0);
      assert.deepEqual(following.stdout().split('\n').sort(), ['', 'complaint', 'first', 'last']);
      trial.note(`logs -f ${name}`);
      await trial.shows(`logs ${name} -c c`, { prints: /^first\n(last\ncomplaint|complaint\nlast)\n$/ });
      await trial.shows(`logs --tail=1 ${name}`, { prints: /^(last|complaint)\n$/ });
      await trial.shows(`logs --since=1h ${name}`, { prints: /^first\n/ });
      await trial.shows(`logs --timestamps ${name}`, { prints: /^\d{4}-\d\d-\d\dT[\d:.]+Z first\n/ });
      await trial.shows(`logs --limit-bytes=3 ${name}`, { prints: 'fir' });
      await trial.shows(`logs -l app=${name}`, { prints: /^first\n/ });
      await target.untilPhase(name, 'Failed');
    },
  },
  {
    name: 'logs --previous are those of the attempt before',
    async run({ trial, target }) {
      await eventually('it was started again', async () => {
        const { status } = await target.read('failing');
        return (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0;
      });
      await trial.shows('logs --previous failing', { prints: 'attempted\n' });
      assert.match(
        await trial.refused('logs --previous streams'),
        /previous terminated container "c" in pod "streams" not found/,
      );
      assert.match(await trial.refused('logs streams -c other'), /container other is not valid for pod streams/);
    },
  },
];

const lifeCases: readonly StreamCase[] = [
  {
    name: 'a pod from creation to its end: wait, get -w, describe, delete',
    async run({ trial, target }) {
      const name = `lived-${trial.suffix}`;
      const watching = trial.start(`get pods -w -l app=${name}`);
      const [seen, closed] = [collect(watching.stdout), once(watching, 'close')];
      await target.createEnding(name);
      await trial.shows(`wait --for=condition=Ready pod/${name} --timeout=30s`, {
        prints: `pod/${name} condition met\n`,
      });
      await trial.shows(`describe pod ${name}`, {
        prints: /Status: +Running\n(.*\n)*Events:(.*\n)*.*Started +.*ontainer/,
      });
      await until('it runs', seen, new RegExp(`^${name} +1/1 +Running`, 'm'));
      await trial.shows(`delete pod ${name}`, {
        prints: new RegExp(`^pod "${name}" deleted`),
        effect: () => trial.isGone('Pod', name),
      });
      watching.kill();
      await closed;
      trial.note(`get pods -w -l app=${name}`);
    },
  },
];

export const commandCases: readonly StreamCase[] = [
  ...execCases,
  ...attachCases,
  ...copyCases,
  ...logCases,
  ...lifeCases,
];
