/**
 * What the checks run against the cluster, from the registries: folders of Go modules, and programs, which are built
 * once and kept in the user's cache folder. Go, pip and Maven keep what they download where they always do.
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../base/package-root.ts';
import { modules, programs, pythonPackages } from './versions.ts';

const run = promisify(execFile);
const managerSources = join(packageRoot, 'test/real/manager');
const javaSources = join(packageRoot, 'test/real/java');

export const cacheFolder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'longshore', 'real');

/** One process at a time compiles, without cgo: what comes out runs in an image that has nothing else. */
const goEnvironment = { ...process.env, CGO_ENABLED: '0', GOFLAGS: `${process.env.GOFLAGS ?? ''} -p=1`.trim() };

export type Report = (text: string) => void;
type ModuleName = keyof typeof modules;
type ProgramName = keyof typeof programs;

/** The folder of a module as it was published; downloads it when it is not there. */
export async function moduleFolder(name: ModuleName): Promise<string> {
  const { stdout } = await run('go', ['mod', 'download', '-json', modules[name]], { env: goEnvironment });
  const { Dir }: { Dir: string } = JSON.parse(stdout);
  return Dir;
}

/** The path of a published program. */
export async function builtProgram(name: ProgramName, report: Report): Promise<string> {
  const source = programs[name];
  return await madeOnce(`${name}-${keyOf(source)}/${name}`, `Building ${source}`, report, async (folder) => {
    await run('go', ['install', source], { env: { ...goEnvironment, GOBIN: folder } });
  });
}

/** The path of the manager in `manager/`. */
export async function builtManager(report: Report): Promise<string> {
  const files = [
    'main.go',
    'reconciler.go',
    'webhooks.go',
    'api/v1/site.go',
    'api/v1alpha1/site.go',
    'go.mod',
    'go.sum',
  ];
  const texts = await Promise.all(files.map((file) => readFile(join(managerSources, file), 'utf8')));
  return await madeOnce(`manager-${keyOf(texts.join())}/manager`, 'Building the manager', report, async (folder) => {
    await run('go', ['build', '-o', join(folder, 'manager'), '.'], { cwd: managerSources, env: goEnvironment });
  });
}

/** A Python that has the packages. */
export async function pythonEnvironment(report: Report): Promise<string> {
  const key = keyOf(pythonPackages.join());
  const folder = join(cacheFolder, `python-${key}`);
  const python = join(folder, 'bin/python');
  // An environment holds its own path, so it is made where it stays; the mark says that it was made to its end.
  const mark = join(folder, 'complete');
  if (existsSync(mark)) return python;
  report(`Installing ${pythonPackages.join(' and ')} into ${folder}`);
  await rm(folder, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', ...pythonPackages]);
  await mkdir(mark);
  return python;
}

/** A folder of jars: the Java client, what it needs, and our checks. */
export async function javaClasses(report: Report): Promise<string> {
  const sources = ['pom.xml', 'src/main/java/Informers.java'];
  const texts = await Promise.all(sources.map((file) => readFile(join(javaSources, file), 'utf8')));
  return await madeOnce(`java-${keyOf(texts.join())}/classes`, 'Building the Java client', report, async (folder) => {
    const work = join(folder, 'work');
    await cp(javaSources, work, { recursive: true });
    await run('mvn', ['-q', '-B', 'package', `-DoutputDirectory=${join(folder, 'classes')}`], { cwd: work });
    await rm(work, { recursive: true });
  });
}

/** `make` fills a new folder, which then becomes the one that `path` lies in: half a program is never found. */
async function madeOnce(
  path: string,
  what: string,
  report: Report,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const target = join(cacheFolder, path);
  if (existsSync(target)) return target;
  report(what);
  await mkdir(cacheFolder, { recursive: true });
  const folder = await mkdtemp(join(cacheFolder, 'new-'));
  try {
    await make(folder);
    await rename(folder, dirname(target));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return target;
}

const keyOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

/** A folder that only this run has. */
export const scratchFolder = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `longshore-real-${name}-`));
