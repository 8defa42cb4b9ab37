/** Holds the arrows of ARCHITECTURE.md: imports go one way, and each outside system is seen by one room only. */

import assert from 'node:assert/strict';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';
import {
  arrows,
  clusterCommands,
  clusterForKubecfg,
  fileOwners,
  folderArrows,
  innerArrows,
  innerGround,
  kindTable,
  kindTableReaders,
  levels,
  loadedLate,
  namedKinds,
  nodeGlobals,
  otherFolders,
  otherLoaders,
  packageOwners,
  plainScripts,
  processStarters,
  unlistedArrows,
} from './arrows.ts';
import { computed, loadersIn, namesUsed } from './imports-of.ts';
import {
  describeImport,
  filesIn,
  importedPaths,
  importedRooms,
  isTesting,
  planted,
  type SourceFile,
  sourceOf,
  sourcesIn,
  testsIn,
  topFolders,
} from './sources.ts';

const sources = Object.keys(arrows).flatMap(sourcesIn);

describe('layering', () => {
  it('finds the sources', () => assert.ok(sources.length > 50, `only ${sources.length} files`));

  it('lets imports go one way only', () => {
    const wrong = sources.flatMap((file) =>
      importedRooms(file)
        .filter((imported) => !mayImport(file, imported))
        .map(describeImport(file)),
    );
    assert.deepEqual(wrong, []);
  });

  for (const [room, folders] of Object.entries(innerArrows)) {
    it(`lets imports inside ${room} go one way only`, () => {
      const wrong = sources.filter((file) => file.room === room).flatMap((file) => innerStrays(file, folders));
      assert.deepEqual(wrong, []);
    });

    it(`lists the folders of ${room} from the lowest up`, () => {
      const names = Object.keys(folders);
      const unknown = names.flatMap((name, index) =>
        (folders[name] ?? []).filter((imported) => !names.slice(0, index).includes(imported)),
      );
      assert.deepEqual(unknown, []);
    });

    it(`would notice one inside ${room} that runs back up`, () => {
      const [first = '', ...others] = Object.keys(folders);
      assert.equal(innerStrays(planted(`${room}/${first}/planted.ts`, `../${others.at(-1)}/x.ts`), folders).length, 1);
    });
  }

  for (const room of Object.keys(levels)) {
    it(`lets files of ${room} import lower ones only`, () => {
      const files = sources.filter((file) => file.room === room);
      assert.deepEqual(files.flatMap(climbersIn), []);
    });

    it(`names nothing in ${room} that is not there`, () => {
      const names = sources.filter((file) => file.room === room).map(({ path }) => path.split('/')[1]);
      assert.deepEqual(
        (levels[room] ?? []).flat().filter((name) => name !== '*' && !names.includes(name)),
        [],
      );
    });
  }

  for (const [path, specifier] of [
    ['scheduler/plugins/planted.ts', '../queue.ts'],
    ['scheduler/planted/planted.ts', '../scheduler.ts'],
    ['scheduler/planted.ts', './scheduling-loop.ts'],
    ['client/work-queue.ts', './client.ts'],
    ['client/planted.ts', './informer.ts'],
    ['cli/printers/planted.ts', '../commands/get/run.ts'],
    ['cli/printers/planted.ts', '../requests.ts'],
    ['cli/commands/stop/run.ts', '../resize/run.ts'],
    ['cli/options.ts', './commands.ts'],
    ['cluster/certificates.ts', './up.ts'],
    ['cluster/planted/planted.ts', '../components.ts'],
    ['api/net.ts', './resources/core.ts'],
    ['api/types/core/v1.ts', '../../object.ts'],
    ['base/clock.ts', './component-process.ts'],
  ] as const)
    it(`would notice ${specifier} in ${path}`, () => assert.equal(climbersIn(planted(path, specifier)).length, 1));

  it('has a row for every folder at the top', () => assert.deepEqual(strayFolders(topFolders()), []));

  it('would notice a folder at the top without a row', () =>
    assert.deepEqual(strayFolders(['api', 'planted', 'docs']), ['planted']));

  it('is written in TypeScript that these tests read', () =>
    assert.deepEqual(strayScripts(Object.keys(arrows).flatMap(filesIn)), []));

  it('would notice a file that these tests do not read', () => {
    const others = ['api/a.mts', 'cli/b.mjs', 'base/c.js', 'kubelet/d.cts', 'proxy/e.tsx'];
    assert.deepEqual(strayScripts([...others, 'api/f.ts', 'api/g.json']), others);
  });

  it('loads modules by imports whose names can be read', () => {
    assert.deepEqual(sources.flatMap(otherWaysIn), []);
  });

  it('would notice other ways to load a module', () => {
    const texts = [
      "createRequire(import.meta.url)('dockerode')",
      "process.getBuiltinModule('node:child_process')",
      "require('etcd3')",
      'await import(name)',
    ];
    for (const text of texts) assert.equal(otherWaysIn(sourceOf('kubelet/planted.ts', text)).length, 1, text);
  });

  it('knows no circle of files, types included', () => assert.deepEqual(circlesIn(sources), []));

  it('would notice a circle of files, of imports at run time too', () => {
    const files = [
      sourceOf('base/a.ts', "export const load = () => import('./b.ts');"),
      sourceOf('base/b.ts', "import type { A } from './a.ts';"),
    ];
    assert.deepEqual(circlesIn(files), ['base/a.ts → base/b.ts → base/a.ts']);
  });

  it('leaves the parts that tests are made of to tests', () => {
    const wrong = sources
      .filter(({ path }) => !isTesting(path))
      .flatMap((file) =>
        importedPaths(file)
          .filter(({ path }) => isTesting(path))
          .map(describeImport(file)),
      );
    assert.deepEqual(wrong, []);
  });

  it('lets tests import what they test, and test support', () => {
    const wrong = testsIn('.').flatMap((file) =>
      importedRooms(file)
        .filter(({ room }) => room !== 'test' && room !== 'bench')
        .filter((imported) => !mayTestImport(file, imported))
        .map(describeImport(file)),
    );
    assert.deepEqual(wrong, []);
  });

  for (const [name, owners] of Object.entries(packageOwners)) {
    it(`lets only ${owners.join(', ')} see ${name}`, () => {
      const stranger = planted('scheduler/planted.ts', `${name}/lib/x.js`);
      assert.deepEqual(strangersTo(name, owners, sources), []);
      assert.deepEqual(strangersTo(name, owners, [stranger]), [stranger.path]);
    });
  }

  for (const [what, owners] of Object.entries(processStarters)) {
    it(`lets only few see ${what}`, () => assert.deepEqual(strangersTo(what, owners, sources), []));

    it(`would notice another that sees ${what}`, () => {
      const specifier = what.startsWith('node:') ? what.slice('node:'.length) : `../${what}`;
      const stranger = sourceOf('scheduler/planted.ts', `import { x } from "${specifier}";`);
      assert.deepEqual(strangersTo(what, owners, [stranger]), [stranger.path]);
    });
  }

  for (const [files, owners] of Object.entries(fileOwners)) {
    it(`lets only ${owners.join(', ')} see ${files}`, () => {
      const stranger = planted('apiserver/registry/planted.ts', `../../${files}${files.endsWith('.ts') ? '' : 'x.ts'}`);
      assert.deepEqual(strangersBelow(files, owners, sources), []);
      assert.deepEqual(strangersBelow(files, owners, [stranger]), [stranger.path]);
    });
  }

  it('hands the kinds on as a value', () => assert.deepEqual(strangersTo(kindTable, kindTableReaders, sources), []));

  // The dashboard's pages read objects with the same code as the components do.
  it('keeps Node out of what a browser runs too', () => assert.deepEqual(nodeUsesBelow('api', sources), []));

  it('would notice Node behind an import of api', () => {
    const files = [
      sourceOf('api/planted.ts', "import { x } from '../base/planted.ts';"),
      sourceOf('base/planted.ts', "import net from 'net';\nconst a = Buffer.from(process.argv[0]);"),
    ];
    assert.deepEqual(nodeUsesBelow('api', files), [
      'base/planted.ts imports node:net',
      'base/planted.ts uses Buffer',
      'base/planted.ts uses process',
    ]);
  });

  it('keeps kinds by name out of machinery', () => assert.deepEqual(sources.flatMap(kindsNamedBy), []));

  it('would notice a kind by name in machinery', () => {
    const named = ['resources/core.ts', 'types/core/v1.ts', 'pods.ts'].map((name) => `../api/${name}`);
    assert.equal(kindsNamedBy(planted('machinery/planted.ts', ...named)).length, 3);
    assert.deepEqual(kindsNamedBy(planted('machinery/planted.ts', '../api/types/meta/v1.ts')), []);
  });

  for (const component of ['controller-manager', 'scheduler', 'kubelet', 'proxy', 'ingress']) {
    // What a worker's process loads is memory that its pods do not get, and time until it is ready.
    it(`lets ${component} load little of the API's rules`, () => {
      const early = sources.filter(({ path }) => loadedLate[path] === undefined);
      const loaded = reachedFrom(({ path }) => path === `${component}/main.ts`, early)
        .map(({ path }) => path)
        .filter((path) => !path.startsWith('api/types/')); // they are gone when it runs
      const inRoom = (room: string) => loaded.filter((path) => path.startsWith(`${room}/`));
      const machinery = inRoom('machinery').filter((path) => !isBehindFolderArrow(component, path));
      assert.deepEqual([...inRoom('kinds'), ...machinery], []);
      // Identities are a few lines for each group, and a component of many controllers knows many groups.
      const rules = inRoom('api').filter((path) => !path.startsWith('api/resources/'));
      assert.ok(inRoom(component).length > 3 && rules.length < 50, rules.join('\n'));
    });
  }

  for (const [late, reader] of Object.entries(loadedLate))
    it(`reads ${late} late`, () => {
      const readers = sources.filter((file) => importedPaths(file).some(({ path }) => path === late));
      assert.deepEqual(
        readers.map(({ path }) => path),
        [reader],
      );
      const [specifier = ''] = readers.flatMap((file) =>
        importedPaths(file).flatMap((one) => (one.path === late ? [one.specifier] : [])),
      );
      const { text = '' } = readers[0] ?? {};
      assert.ok(text.includes(`await import('${specifier}')`) && !text.includes(`from '${specifier}'`));
    });

  // kubecfg knows all its commands before it runs one: what they need is read when they run.
  it('declares commands of kubecfg without reading what they do', () => {
    const flags = ['up/up-options.ts', 'create/flags.ts'].map((file) => `cli/commands/${file}`);
    const light = ['cli/command.ts', 'cli/options.ts', ...flags];
    const wrong = sources
      .filter(({ path }) => /^cli\/commands\/[^/]+\/command\.ts$/.test(path))
      .flatMap((file) =>
        importedPaths(file)
          .filter(({ specifier, path }) => specifier !== './run.ts' && !light.includes(path))
          .map(describeImport(file)),
      );
    assert.deepEqual(wrong, []);
  });

  it('lets kubecfg see clusters only in the commands that make and end them', () =>
    assert.deepEqual(sources.flatMap(clusterSeenBy), []));

  it('would notice another of kubecfg that sees clusters', () => {
    assert.equal(clusterSeenBy(planted('cli/options.ts', '../cluster/up.ts')).length, 1);
    assert.equal(clusterSeenBy(planted('cli/commands/get/run.ts', '../../../cluster/home.ts')).length, 1);
  });
});

/** What a component may import of another room, and the ground that all of that room stands on. */
const isBehindFolderArrow = (component: string, path: string): boolean =>
  (folderArrows[component] ?? []).some((folder) => path.startsWith(`${folder}/`) || innerGround.includes(path));

const strayFolders = (names: readonly string[]): string[] =>
  names.filter((name) => !Object.hasOwn(arrows, name) && !otherFolders.includes(name));

const strayScripts = (paths: readonly string[]): string[] =>
  paths.filter((path) => /\.([cm][jt]s|jsx?|tsx)$/.test(path) && !plainScripts.includes(path));

function otherWaysIn({ path, text, imports }: SourceFile): string[] {
  if (Object.hasOwn(otherLoaders, path)) return [];
  const ways = [...new Set([...loadersIn(text), ...imports.filter((specifier) => specifier === computed)])];
  return ways.length === 0 ? [] : [`${path}: ${ways.join(', ')}`];
}

const kindsNamedBy = (file: SourceFile): string[] =>
  importedPaths(file)
    .filter(({ path }) => file.room === 'machinery' && namedKinds.test(path))
    .map(describeImport(file));

const clusterSeenBy = (file: SourceFile): string[] =>
  importedPaths(file)
    .filter(({ path }) => path.startsWith('cluster/') && path !== clusterForKubecfg)
    .filter(() => file.room === 'cli' && !clusterCommands.includes(file.path))
    .map(describeImport(file));

/** Imports of files whose paths begin so, by others than their owners. */
const strangersBelow = (files: string, owners: readonly string[], among: readonly SourceFile[]): string[] =>
  among
    .filter((file) => importedPaths(file).some(({ path }) => path.startsWith(files)))
    .map(({ path }) => path)
    .filter((path) => !owners.some((owner) => path.startsWith(owner)));

/** Imports inside a room of what is not below. A command of kubecfg's is a folder of its own. */
function climbersIn(file: SourceFile): string[] {
  const from = placeOf(file.path);
  return importedPaths(file)
    .filter(({ path }) => path.startsWith(`${file.room}/`) && !isWired(file.path, path))
    .filter(({ path }) => {
      const to = placeOf(path);
      if (to.name === from.name) return false;
      return to.level > from.level || (to.level === from.level && !from.isUnnamed);
    })
    .map(describeImport(file));
}

/** Seen across the levels by those that `fileOwners` names. */
const isWired = (importer: string, imported: string): boolean =>
  (fileOwners[imported] ?? []).some((owner) => importer.startsWith(owner));

function placeOf(path: string): { name: string; level: number; isUnnamed: boolean } {
  const [room = '', name = '', command = ''] = path.split('/');
  const rows = levels[room] ?? [];
  const named = rows.findIndex((row) => row.includes(name));
  const isUnnamed = named < 0;
  const level = isUnnamed ? rows.findIndex((row) => row.includes('*')) : named;
  return { name: path.startsWith('cli/commands/') ? `${name}/${command}` : name, level, isUnnamed };
}

/** Files that import `what`, a package or a file of ours, and are not among its owners. */
function strangersTo(what: string, owners: readonly string[], files: readonly SourceFile[]): string[] {
  const isIt = (path: string, specifier: string) =>
    specifier === what ||
    specifier.startsWith(`${what}/`) ||
    (specifier.startsWith('.') && normalize(join(dirname(path), specifier)) === what);
  return files
    .filter(({ path, imports }) => imports.some((specifier) => isIt(path, specifier)))
    .map(({ path }) => path)
    .filter((path) => !owners.some((owner) => path.startsWith(owner)));
}

/** `path`: in which folder of the other room it lies. */
interface Imported {
  readonly room: string;
  readonly path: string;
}

function mayImport({ room }: SourceFile, imported: Imported): boolean {
  if (imported.room === room || (arrows[room] ?? []).includes(imported.room)) return true;
  return (folderArrows[room] ?? []).some((folder) => imported.path.startsWith(`${folder}/`));
}

/** Uses of Node's modules and globals by the files of a room, and by all that they import. */
function nodeUsesBelow(room: string, files: readonly SourceFile[]): string[] {
  return reachedFrom(({ path }) => path.startsWith(`${room}/`), files).flatMap((file) => [
    ...file.imports
      .filter((specifier) => specifier.startsWith('node:'))
      .map((specifier) => describeImport(file)({ specifier })),
    ...new Set(namesUsed(file.text, nodeGlobals).map((name) => `${file.path} uses ${name}`)),
  ]);
}

/** Some files, and all that they import. */
function reachedFrom(isStart: (file: SourceFile) => boolean, files: readonly SourceFile[]): SourceFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set(files.filter(isStart));
  for (const file of reached) {
    for (const { path } of importedPaths(file)) {
      const imported = byPath.get(path);
      if (imported !== undefined) reached.add(imported);
    }
  }
  return [...reached];
}

/** Imports of a file in a folder of a room that the folder may not make. */
function innerStrays(file: SourceFile, folders: Readonly<Record<string, readonly string[]>>): string[] {
  const folderOf = (path: string) => innerFolder(path, folders);
  const folder = folderOf(file.path);
  if (folder === undefined) return [];
  const allowed = folders[folder] ?? unlistedArrows[file.room] ?? [];
  return importedPaths(file)
    .filter(({ path }) => path.startsWith(`${file.room}/`) && !innerGround.includes(path))
    .filter(({ path }) => folderOf(path) !== folder && !allowed.includes(folderOf(path) ?? ''))
    .map(describeImport(file));
}

/**
 * `proxy/services/rules.ts` → `services`, of folders in folders the one that is listed; undefined for a file that lies
 * directly in its room.
 */
function innerFolder(path: string, listed: Readonly<Record<string, unknown>>): string | undefined {
  const folders = path.split('/').slice(1, -1);
  const candidates = folders.map((_, index) => folders.slice(0, folders.length - index).join('/'));
  return candidates.find((one) => Object.hasOwn(listed, one)) ?? folders[0];
}

/** Each circle of imports once, as far as a walk through all files meets it. */
function circlesIn(files: readonly SourceFile[]): string[] {
  const importsOf = new Map(files.map((file) => [file.path, importedPaths(file).map(({ path }) => path)]));
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]) => {
    if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' → '));
    if (done.has(path) || way.includes(path)) return;
    for (const imported of importsOf.get(path) ?? []) visit(imported, [...way, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return circles;
}

/** A test beside the code sees what the code sees, and from `client` on the API server to talk to. */
const mayTestImport = (file: SourceFile, imported: Imported): boolean =>
  file.room === 'test' || file.room === 'bench' || mayImport(file, imported);
