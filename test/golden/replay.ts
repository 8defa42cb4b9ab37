/**
 * Replays the recordings of what upstream answers against a server, and prints how many answers are the same.
 *
 *   npm run golden -- --help     says what it takes
 */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { commandLine } from '../../base/command-line.ts';
import { packageRoot } from '../../base/package-root.ts';
import type { Connection } from '../../client/connection.ts';
import { readKubeconfig } from '../../client/kubeconfig.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { GoldenConnection } from './golden-connection.ts';
import { gradeStep } from './grade-step.ts';
import { playScenario, type Scenario, type StepOutcome } from './scenarios.ts';

export const recordings = join(packageRoot, 'test/golden/recordings');

export interface FileResult {
  readonly file: string;
  readonly cases: number;
  readonly same: number;
  readonly exact: number;
  readonly misses: readonly {
    readonly id: string;
    readonly want: StepOutcome;
    readonly got: StepOutcome | { readonly error: string };
  }[];
}

/** A server with everything on that was on where the recordings were made. */
export const startRecordedServer = (): Promise<TestApiServer> =>
  startTestApiServer({ disabledAdmissionPlugins: [], mountServiceAccountTokens: true });

export interface ReplayOptions {
  /** Only steps whose name contains this. */
  readonly only?: string;
  /** Whether answers that are the same, but not to the letter, count among the misses. */
  readonly alsoInexact?: boolean;
}

/** Plays one file of scenarios. */
export async function replayFile(
  connection: Connection,
  file: string,
  { only = '', alsoInexact = false }: ReplayOptions = {},
): Promise<FileResult> {
  const connections = { own: new GoldenConnection(connection), bare: new GoldenConnection(connection, { bare: true }) };
  const result = { file, cases: 0, same: 0, exact: 0, misses: [] as FileResult['misses'][number][] };
  try {
    for (const scenario of readLines(file)) {
      const namespace = nextNamespace();
      if (!scenario.plain) await makeNamespace(connections.own, namespace, scenario.nsLabels);
      const outcomes = await playScenario(connections, scenario, namespace).catch((error: unknown) => String(error));
      for (const [index, { want }] of scenario.steps.entries()) {
        const id = `${scenario.id} step ${index + 1}`;
        if (!id.includes(only)) continue;
        const got = typeof outcomes === 'string' ? { error: outcomes } : (outcomes[index] ?? { error: 'not played' });
        const { same, exact } = 'error' in got ? { same: false, exact: false } : gradeStep(want, got);
        result.cases += 1;
        result.same += Number(same);
        result.exact += Number(exact);
        if (!same || (!exact && alsoInexact)) result.misses.push({ id, want, got });
      }
      if (!scenario.plain) await connections.own.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` });
    }
  } finally {
    connections.own.close();
    connections.bare.close();
  }
  return result;
}

let namespaces = 0;
/** Never twice: earlier ones may still be ending. */
function nextNamespace(): string {
  namespaces += 1;
  return `golden-${process.pid}-s${namespaces}`;
}

async function makeNamespace(connection: GoldenConnection, name: string, labels: Scenario['nsLabels']): Promise<void> {
  const post = (path: string, object: object) =>
    connection.request({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(object),
    });
  await post('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, ...(labels && { labels }) },
  });
  await post(`/api/v1/namespaces/${name}/serviceaccounts`, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
  });
}

const readLines = (file: string): Scenario[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Scenario);

export function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesIn(join(path, name)))
    .filter((file) => file.endsWith('.jsonl'));
}

async function main(): Promise<void> {
  const { kubeconfig, show, only, inexact, paths } = await commandLine(process.argv.slice(2))
    .scriptName('npm run golden --')
    .command('$0 [paths..]', 'replays recorded answers of upstream, and counts those that are the same', (command) =>
      command.positional('paths', {
        type: 'string',
        array: true,
        default: [join(recordings, 'reads'), join(recordings, 'writes')],
        defaultDescription: 'all',
        describe: 'files or folders of recordings',
      }),
    )
    .options({
      kubeconfig: { type: 'string', describe: 'of the server that is asked; default: one in this process, in memory' },
      show: { type: 'number', default: 0, describe: 'how many differing answers of each file are shown' },
      only: { type: 'string', default: '', describe: 'only steps whose name contains this' },
      inexact: { type: 'boolean', default: false, describe: 'also shows what is the same but for its words' },
    })
    .check(({ paths: named, show: count }) => {
      const missing = (named as string[]).find((path) => !existsSync(path));
      if (missing !== undefined) throw new Error(`There is no file or folder ${missing}`);
      if (!(Number(count) >= 0)) throw new Error('--show takes a number');
      return true;
    })
    .version(false)
    .strict()
    .parseAsync();
  const files = (paths as string[]).flatMap(filesIn);
  const server = kubeconfig === undefined ? await startRecordedServer() : undefined;
  const connection = server?.connection ?? (await readKubeconfig(kubeconfig ?? ''));
  const total = { cases: 0, same: 0, exact: 0 };
  for (const file of files) {
    const result = await replayFile(connection, file, { only, alsoInexact: inexact });
    print(result, show);
    for (const key of ['cases', 'same', 'exact'] as const) total[key] += result[key];
  }
  console.log(`total: ${summary(total)}`);
  await server?.stop();
}

function print(result: FileResult, show: number): void {
  console.log(`${relative(recordings, result.file)}: ${summary(result)}`);
  for (const { id, want, got } of result.misses.slice(0, show)) {
    console.log(
      `  ${id}\n    want ${JSON.stringify(want).slice(0, 1500)}\n    got  ${JSON.stringify(got).slice(0, 1500)}`,
    );
  }
}

const percent = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;

const summary = ({ cases, same, exact }: Pick<FileResult, 'cases' | 'same' | 'exact'>): string =>
  `${same} of ${cases} the same (${percent(same, cases)}), ${exact} exact (${percent(exact, cases)})`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
