/** Holds the arrows of ARCHITECTURE.md: imports go one way, and each outside system is seen by one room only. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../base/package-root.ts';

/** What the code of a room may import from: itself, and these rooms. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  base: [],
  api: ['base'],
  machinery: ['api', 'base'],
  kinds: ['machinery', 'api', 'base'],
  client: ['api', 'base'],
  apiserver: ['kinds', 'machinery', 'api', 'base'],
  'controller-manager': ['client', 'api', 'base'],
  scheduler: ['client', 'api', 'base'],
  kubelet: ['client', 'api', 'base'],
  proxy: ['client', 'api', 'base'],
  cluster: ['apiserver', 'controller-manager', 'scheduler', 'kubelet', 'proxy', 'client', 'api', 'base'],
  cli: ['cluster', 'client', 'api', 'base'],
};

/**
 * What the code of a folder inside a room may import of that room: its own folder, and these, which are listed before
 * it. Files beside the folders wire.
 */
const innerArrows: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  // A request passes these from the last to the first: what it is, who sends it and whether he may, what is to be done,
  // and the store. Nothing calls back.
  apiserver: {
    store: [],
    'store/testing': ['store'],
    request: [],
    registry: ['store', 'request'],
    'registry/allocators': ['store', 'registry'],
    authorization: ['request'],
    authentication: ['store', 'request', 'registry'],
    admission: ['registry'],
    decoding: ['request', 'registry'],
    'heavy-work': ['request', 'registry', 'decoding'],
    responses: ['store', 'request', 'registry', 'heavy-work'],
    discovery: ['request', 'responses'],
    'handlers/selectors': [],
    handlers: [
      ...['store', 'request', 'registry', 'authentication', 'decoding', 'heavy-work', 'responses', 'discovery'],
      'handlers/selectors',
    ],
    'handlers/streaming': ['request', 'registry', 'responses', 'handlers'],
    'handlers/subresources': [
      ...['request', 'registry', 'authorization', 'authentication', 'decoding', 'responses'],
      ...['handlers', 'handlers/streaming'],
    ],
    bootstrap: ['store', 'registry'],
    server: ['store', 'request', 'authorization', 'authentication', 'responses'],
  },
  machinery: {
    json: [],
    schema: ['json'],
    codec: ['json', 'schema'],
    patch: ['json', 'schema'],
    apply: ['json', 'schema'],
    openapi: ['schema'],
    cel: [],
    testing: ['schema'],
  },
  // What all workloads are made of stands below the groups.
  kinds: {
    validation: [],
    'workloads/volumes': ['validation'],
    'workloads/pod-spec': ['validation', 'workloads/volumes'],
    workloads: ['validation', 'workloads/pod-spec'],
    core: ['validation', 'workloads', 'workloads/pod-spec', 'workloads/volumes'],
    apps: ['validation', 'workloads', 'workloads/pod-spec', 'workloads/volumes'],
    autoscaling: ['validation', 'workloads/pod-spec'],
    batch: ['validation', 'workloads', 'workloads/pod-spec'],
    node: ['validation', 'workloads/pod-spec'],
    storage: ['validation', 'core'],
    events: ['validation', 'core'],
    admissionregistration: ['validation'],
    apiextensions: ['validation', 'admissionregistration'],
    ...Object.fromEntries(
      [
        ...['apiregistration', 'authentication', 'authorization', 'certificates', 'coordination', 'discovery'],
        ...['flowcontrol', 'networking', 'policy', 'rbac', 'resource', 'scheduling'],
      ].map((group) => [group, ['validation']]),
    ),
  },
  'controller-manager': {
    workloads: [],
    pods: ['workloads'],
    nodes: ['pods'],
    namespaces: ['pods'],
    endpoints: ['workloads', 'pods', 'namespaces'],
    'workloads/replica-sets': ['workloads', 'pods'],
    volumes: ['pods'],
    identity: ['namespaces'],
    'garbage-collector': [],
  },
  proxy: { nftables: [], host: [], services: ['nftables', 'host'], userspace: ['services'] },
  kubelet: {
    runtime: [],
    model: ['runtime'],
    references: ['model'],
    images: ['runtime', 'model', 'references'],
    volumes: ['model', 'references'],
    probes: ['runtime', 'model'],
    containers: ['runtime', 'model', 'references', 'volumes', 'probes'],
    'pods/status': ['runtime', 'model', 'containers'],
    pods: ['runtime', 'model', 'references', 'images', 'volumes', 'probes', 'containers', 'pods/status'],
    node: ['runtime', 'model'],
    'server/streaming': ['runtime'],
    server: ['runtime', 'model', 'pods', 'server/streaming'],
    testing: ['runtime', 'model'],
    'runtime/docker': ['runtime'],
    'runtime/testing': ['runtime'],
  },
};

/** Files that folders of a room may import although they lie beside them: contracts, and what starts programs. */
const innerGround: readonly string[] = [
  'proxy/program.ts',
  'machinery/field-errors.ts',
  ...['kind.ts', 'define-kind.ts', 'columns.ts', 'spec-and-status.ts', 'nil-list.ts'].map((name) => `kinds/${name}`),
  ...['controller-context.ts', 'finalizers.ts'].map((name) => `controller-manager/${name}`),
];

/** Packages that only some folder may see, so that what is behind them can be replaced. */
const packageOwners: Readonly<Record<string, readonly string[]>> = {
  etcd3: ['apiserver/store/etcd-'],
  '@grpc/grpc-js': ['apiserver/store/etcd-'],
  dockerode: ['kubelet/runtime/docker/'],
  express: ['apiserver/'],
};

/** They join constants, and the administrator's own names. */
const patternMakers = [
  'machinery/openapi/descriptions.ts',
  'kinds/validation/names.ts',
  'kubelet/images/image-name.ts',
  'kubelet/pods/sysctls.ts',
  'proxy/host/forward-rules.ts',
  'proxy/nftables/table-monitor.ts',
];

/** Only these may start programs, or see the module that does: what nft, ip and mount are told is told in few places. */
const processStarters: Readonly<Record<string, readonly string[]>> = {
  'node:child_process': [
    'cluster/',
    'kubelet/runtime/docker/bridge.ts',
    'kubelet/runtime/docker/sandbox-port.ts',
    'kubelet/volumes/mounts.ts',
    'kubelet/volumes/volumes.ts',
    'proxy/program.ts',
    'proxy/nftables/table-monitor.ts',
  ],
  'proxy/program.ts': ['proxy/', 'cluster/'],
};

/** Who may see the table of kinds on the server's side: all others are handed the registry, which knows what came later. */
const kindTable = 'kinds/kind-table.ts';
const kindTableReaders = ['apiserver/api-server.ts', 'apiserver/heavy-work/'];

/** Who may see the Docker runtime, and what speaks of Docker: images have the registry's names, Secrets the API's. */
const dockerOwners = {
  imports: ['kubelet/runtime/docker/', 'kubelet/main.ts', 'cluster/'],
  words: ['kubelet/runtime/docker/', 'kubelet/main.ts', 'kubelet/images/'],
};

/** Time and chance come in from outside: tests decide what time it is. These rooms read neither, but for a few files. */
const timelessRooms = ['apiserver', 'client', 'controller-manager', 'scheduler', 'kubelet', 'proxy'];
const timeReaders: Readonly<Record<string, string>> = {
  'apiserver/store/etcd-calls.ts': 'the deadline of a call is a timer on a real connection',
  'apiserver/store/etcd-connection.ts': "gRPC takes deadlines in the system's time",
};

interface SourceFile {
  /** From the root of the checkout. */
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources = Object.keys(arrows).flatMap(sourcesIn);

describe('layering', () => {
  it('finds the sources', () => assert.ok(sources.length > 50, `only ${sources.length} files`));

  it('lets imports go one way only', () => {
    const wrong = sources.flatMap((file) =>
      importedRooms(file)
        .filter(({ room }) => !mayImport(file, room))
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
      const planted = { path: `${room}/${first}/planted.ts`, room, text: '', imports: [`../${others.at(-1)}/x.ts`] };
      assert.equal(innerStrays(planted, folders).length, 1);
    });
  }

  it('knows no circle of files, types included', () => assert.deepEqual(circlesIn(sources), []));

  it('would notice a circle of files', () => {
    const planted = [
      { path: 'base/a.ts', room: 'base', text: '', imports: ['./b.ts'] },
      { path: 'base/b.ts', room: 'base', text: '', imports: ['./a.ts'] },
    ];
    assert.deepEqual(circlesIn(planted), ['base/a.ts → base/b.ts → base/a.ts']);
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
        .filter(({ room }) => room !== 'test' && room !== 'bench' && !mayTestImport(file, room))
        .map(describeImport(file)),
    );
    assert.deepEqual(wrong, []);
  });

  for (const [name, owners] of Object.entries(packageOwners)) {
    it(`lets only ${owners.join(', ')} see ${name}`, () => {
      const planted = { path: 'scheduler/planted.ts', room: 'scheduler', text: '', imports: [`${name}/lib/x.js`] };
      assert.deepEqual(strangersTo(name, owners, sources), []);
      assert.deepEqual(strangersTo(name, owners, [planted]), [planted.path]);
    });
  }

  for (const [what, owners] of Object.entries(processStarters)) {
    it(`lets only few see ${what}`, () => assert.deepEqual(strangersTo(what, owners, sources), []));

    it(`would notice another that sees ${what}`, () => {
      const specifier = what.startsWith('node:') ? what : `../${what}`;
      const planted = { path: 'scheduler/planted.ts', room: 'scheduler', text: '', imports: [specifier] };
      assert.deepEqual(strangersTo(what, owners, [planted]), [planted.path]);
    });
  }

  it('hands the kinds on as a value', () => assert.deepEqual(strangersTo(kindTable, kindTableReaders, sources), []));

  // The dashboard's pages read objects with the same code as the components do.
  it('keeps Node out of what a browser runs too', () => assert.deepEqual(nodeImportsBelow('api', sources), []));

  it('would notice Node behind an import of api', () => {
    const planted = [
      { path: 'api/planted.ts', room: 'api', text: '', imports: ['../base/planted.ts'] },
      { path: 'base/planted.ts', room: 'base', text: '', imports: ['node:net'] },
    ];
    assert.deepEqual(nodeImportsBelow('api', planted), ['base/planted.ts imports node:net']);
  });

  for (const component of ['controller-manager', 'scheduler', 'kubelet', 'proxy']) {
    // What a worker's process loads is memory that its pods do not get, and time until it is ready.
    it(`lets ${component} load little of the API's rules`, () => {
      const loaded = reachedFrom(({ path }) => path === `${component}/main.ts`, sources)
        .map(({ path }) => path)
        .filter((path) => !path.startsWith('api/types/')); // they are gone when it runs
      const inRoom = (room: string) => loaded.filter((path) => path.startsWith(`${room}/`));
      assert.deepEqual([...inRoom('kinds'), ...inRoom('machinery')], []);
      assert.ok(inRoom(component).length > 3 && inRoom('api').length < 60, inRoom('api').join('\n'));
    });
  }

  // kubecfg knows all its commands before it runs one: what they need is read when they run.
  it('declares commands of kubecfg without reading what they do', () => {
    const light = ['cli/command.ts', 'cli/options.ts', 'cli/commands/up/up-options.ts'];
    const wrong = sources
      .filter(({ path }) => /^cli\/commands\/[^/]+\/command\.ts$/.test(path))
      .flatMap((file) =>
        importedPaths(file)
          .filter(({ specifier, path }) => specifier !== './run.ts' && !light.includes(path))
          .map(describeImport(file)),
      );
    assert.deepEqual(wrong, []);
  });

  it('lets only the runtime, and what wires it, see Docker', () => assert.deepEqual(importersOfDocker(sources), []));

  it('would notice another that sees Docker', () => {
    const planted = { path: 'kubelet/pods/planted.ts', room: 'kubelet', text: '' };
    const imports = ['../runtime/docker/docker-runtime.ts'];
    assert.deepEqual(importersOfDocker([{ ...planted, imports }]), [planted.path]);
  });

  it('speaks of Docker in its runtime only', () => assert.deepEqual(speakersOfDocker(sources), []));

  it('would notice another that speaks of Docker', () => {
    const planted = { path: 'kubelet/pods/planted.ts', room: 'kubelet', imports: [] };
    const of = (text: string) => speakersOfDocker([{ ...planted, text }]);
    assert.deepEqual(of("const id = 'docker://' + one;"), [planted.path]);
    assert.deepEqual(of('// As docker:// ids are.\n/** Not in Docker. */'), []);
  });

  // Users' patterns run in an engine of linear time (api/apiextensions/patterns.ts), never in JavaScript's own.
  it('makes regular expressions only from text of its own', () => {
    const wrong = sources
      .filter(({ text }) => /\bRegExp\(/.test(text))
      .filter(({ path }) => !patternMakers.includes(path));
    assert.deepEqual(
      wrong.map(({ path }) => path),
      [],
    );
  });

  // `in` finds what all objects inherit, `constructor` for instance: users have keys and names like that.
  it('asks objects for properties of their own only', () => {
    const asks = sources.flatMap(({ path, text }) =>
      text
        .replace(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, "''")
        .replace(/(?<=[(=:,] )\/(?![*/])(?:[^/\\\n]|\\.)+\/[a-z]*/g, '/ /')
        .replace(/for \((?:const|let) \w+ in /g, '')
        .split('\n')
        .filter((line) => /[\w)] in [\w(]/.test(line) && !/\[\w+ in /.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
    assert.deepEqual(asks, []);
  });

  it('reads the time from the clock that it was given', () => assert.deepEqual(timeReadIn(sources), []));

  it('would notice a look at the system’s time', () => {
    const texts = ['const now = Date.now();', 'new Date()', 'performance.now() - start', '300 * Math.random()'];
    const planted = texts.map((text, index) => ({
      path: `kubelet/planted-${index}.ts`,
      room: 'kubelet',
      text,
      imports: [],
    }));
    assert.deepEqual(
      timeReadIn(planted),
      planted.map(({ path }) => path),
    );
    const harmless = 'new Date(clock.now()); random = Math.random; /** As Date.now() would say. */';
    assert.deepEqual(timeReadIn([{ path: 'kubelet/harmless.ts', room: 'kubelet', text: harmless, imports: [] }]), []);
  });

  it('lets no file read the time that does not do so any more', () => {
    const readers = sources.filter(({ text }) => readsTime(text)).map(({ path }) => path);
    assert.deepEqual(
      Object.keys(timeReaders).filter((path) => !readers.includes(path)),
      [],
    );
  });

  // The library's own `matches` is JavaScript's.
  it('runs no CEL expression before its `matches` is of linear time', () => {
    const wrong = sources
      .filter(({ imports }) => imports.includes('@marcbachmann/cel-js'))
      .filter(({ text }) => /\.evaluate\(/.test(text));
    assert.deepEqual(
      wrong.map(({ path }) => path),
      [],
    );
  });

  it('installs no package that nothing imports', () => {
    const { dependencies } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
    const imported = sources.flatMap(({ imports }) => imports);
    const isImported = (name: string) => imported.some((one) => one === name || one.startsWith(`${name}/`));
    assert.deepEqual(
      Object.keys(dependencies).filter((name) => !isImported(name)),
      [],
    );
  });

  it('knows no folder that says nothing', () => {
    const vague = /(^|\/)(util|utils|lib|common|helpers|misc)(\/|\.ts$)/;
    assert.deepEqual(
      sources.map(({ path }) => path).filter((path) => vague.test(path)),
      [],
    );
  });
});

const importersOfDocker = (files: readonly SourceFile[]): string[] =>
  files
    .filter((file) => importedPaths(file).some(({ path }) => path.startsWith('kubelet/runtime/docker/')))
    .map(({ path }) => path)
    .filter((path) => !dockerOwners.imports.some((owner) => path.startsWith(owner)));

/** Of the kubelet's, comments apart. */
const speakersOfDocker = (files: readonly SourceFile[]): string[] =>
  files
    .filter(({ room, path }) => room === 'kubelet' && !isTesting(path))
    .filter(({ text }) => /docker/i.test(text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, '')))
    .map(({ path }) => path)
    .filter((path) => !dockerOwners.words.some((owner) => path.startsWith(owner)));

function timeReadIn(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path, room }) => timelessRooms.includes(room) && !isTesting(path) && !Object.hasOwn(timeReaders, path))
    .filter(({ text }) => readsTime(text))
    .map(({ path }) => path);
}

/** In code: what a comment says about it does not count. */
function readsTime(text: string): boolean {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  return /\b(Date\.now|performance\.now|Math\.random)\(\)|\bnew Date\(\)|\bprocess\.hrtime\b/.test(code);
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

function mayImport({ room }: SourceFile, imported: string): boolean {
  return imported === room || (arrows[room] ?? []).includes(imported);
}

/** Imports of Node's modules by the files of a room, and by all that they import. */
function nodeImportsBelow(room: string, files: readonly SourceFile[]): string[] {
  return reachedFrom(({ path }) => path.startsWith(`${room}/`), files).flatMap((file) =>
    file.imports
      .filter((specifier) => specifier.startsWith('node:'))
      .map((specifier) => describeImport(file)({ specifier })),
  );
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
  const allowed = folders[folder] ?? [];
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

const isTesting = (path: string): boolean => path.includes('/testing/');

/** A test beside the code sees what the code sees, and from `client` on the API server to talk to. */
const mayTestImport = (file: SourceFile, imported: string): boolean =>
  file.room === 'test' || file.room === 'bench' || mayImport(file, imported);

const describeImport =
  ({ path }: SourceFile) =>
  ({ specifier }: { readonly specifier: string }): string =>
    `${path} imports ${specifier}`;

const importedRooms = (file: SourceFile): { specifier: string; room: string }[] =>
  importedPaths(file).map(({ specifier, path }) => ({ specifier, room: path.split('/')[0] ?? '' }));

/** The files of ours that a file imports. */
function importedPaths({ path, imports }: SourceFile): { specifier: string; path: string }[] {
  return imports
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({ specifier, path: normalize(join(dirname(path), specifier)) }));
}

function sourcesIn(room: string): SourceFile[] {
  return filesIn(room)
    .filter((path) => !isTest(path))
    .map((path) => readSource(path));
}

function testsIn(folder: string): SourceFile[] {
  return filesIn(folder)
    .filter(isTest)
    .map((path) => readSource(path));
}

function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

function filesIn(folder: string): string[] {
  const skipped = ['node_modules', 'dist', '.git', 'coverage'];
  return readdirSync(join(packageRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = relative('.', join(folder, entry.name));
    if (entry.isDirectory()) return skipped.includes(entry.name) ? [] : filesIn(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(packageRoot, path), 'utf8');
  const imports = [...text.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)'([^']+)'/gm)].map(
    ([, specifier = '']) => specifier,
  );
  return { path, room: path.split('/')[0] ?? '', text, imports };
}
