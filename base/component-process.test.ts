import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { after, afterEach, before, describe, it } from 'node:test';

/** Says its flags; then runs until it is told to stop, ends by itself, or never gets so far as to run. */
const program = `
import { runComponentProcess } from '${join(import.meta.dirname, 'component-process.ts')}';

await runComponentProcess({
  name: 'example',
  describe: 'An example',
  ...(process.env.OWN_HEALTH === undefined && { healthPort: 0 }),
  flags: { end: { choices: ['told', 'failure', 'never-starts'], default: 'told' }, size: { type: 'number', default: 1 } },
  async start(flags) {
    console.log(JSON.stringify(flags));
    if (flags.end === 'never-starts') await new Promise(() => setInterval(() => {}, 1000));
    let over;
    const done = new Promise((resolve, reject) => {
      over = resolve;
      if (flags.end === 'failure') reject(new Error('it broke'));
    });
    const alive = setInterval(() => {}, 1000);
    return {
      name: 'example',
      done,
      async stop() {
        console.log('stopped');
        clearInterval(alive);
        over();
      },
    };
  },
});
`;

describe('runComponentProcess', () => {
  let folder: string;
  let main: string;
  let child: ChildProcess | undefined;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-component-'));
    main = join(folder, 'main.mts');
    await writeFile(main, program);
  });
  afterEach(() => child?.kill('SIGKILL'));
  after(() => rm(folder, { recursive: true }));

  function start(flags: readonly string[], environment = {}): { lines: AsyncIterator<string>; exit: Promise<number> } {
    const started = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), main, ...flags], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ...environment },
    });
    child = started;
    const reader: Interface = createInterface(started.stdout);
    return { lines: reader[Symbol.asyncIterator](), exit: once(started, 'exit').then(([code]) => code as number) };
  }

  const next = async (lines: AsyncIterator<string>): Promise<string> => String((await lines.next()).value);

  it('takes flags from the file that --config names, and the command line before it', async () => {
    const config = join(folder, 'config.yaml');
    await writeFile(config, 'size: 7\nlog-level: silent\n');
    const { lines } = start(['--config', config, '--log-level', 'error']);
    const { size, 'log-level': level } = JSON.parse(await next(lines));
    assert.deepEqual([size, level], [7, 'error']);
  });

  it('takes an empty file for no flags, and refuses a flag that nobody knows', async () => {
    const config = join(folder, 'empty.yaml');
    await writeFile(config, '');
    assert.equal(JSON.parse(await next(start(['--config', config]).lines)).size, 1);
    child?.kill('SIGKILL');
    assert.equal(await start(['--bogus']).exit, 1);
  });

  it('stops what runs at a signal and ends with 0', async () => {
    const { lines, exit } = start([]);
    await next(lines);
    child?.kill('SIGTERM');
    assert.equal(await next(lines), 'stopped');
    assert.equal(await exit, 0);
  });

  it('ends at a signal although it has not started yet', async () => {
    const { lines, exit } = start(['--end', 'never-starts']);
    await next(lines);
    child?.kill('SIGINT');
    assert.equal(await exit, 0);
  });

  it('ends with 1 when the component ends by a failure', async () => {
    assert.equal(await start(['--end', 'failure']).exit, 1);
  });

  it('has flags of health only where it shows health', async () => {
    assert.ok('health-port' in JSON.parse(await next(start([]).lines)));
    child?.kill('SIGKILL');
    assert.equal(await start(['--health-port', '0'], { OWN_HEALTH: '1' }).exit, 1);
  });
});
