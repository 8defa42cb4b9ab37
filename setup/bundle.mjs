/**
 * What a build makes of the sources: each program as one file in `dist/`, with what it may need later in files
 * beside it. A process that reads a few files instead of some hundred starts sooner and takes less memory: most of its
 * modules are those of packages. Types are not looked at: `npm run types` does.
 */

import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Each becomes `dist/<path>.js`: what somebody starts by its path, or asks before there is anything to start. */
const programs = [
  'apiserver/main.ts',
  'apiserver/heavy-work/heavy-worker.ts',
  'bench/bare-server.ts',
  'bench/scheduler-process.ts',
  'cli/main.ts',
  'cli/run-kubecfg.ts',
  'controller-manager/main.ts',
  'ingress/main.ts',
  'kubelet/main.ts',
  'machinery/openapi/build-descriptions.ts',
  'proxy/main.ts',
  'scheduler/main.ts',
];

/** These read files beside their own when they run, so they stay where they are. */
const notBundled = ['@grpc/grpc-js', 'etcd3', 'yargs'];

/**
 * Parts of packages that no program uses and that cost every kubelet 13 MB: dockerode loads BuildKit sessions (gRPC and
 * protobuf) and engines behind SSH with itself. What stands in their place throws when it is called.
 */
const leftOut = [
  { path: './session', importer: '/dockerode/lib/' },
  { path: './ssh', importer: '/docker-modem/lib/' },
];

/** A program that was started before a build goes on reading its own parts, however seldom it needs them. */
const keptMs = 7 * 24 * 3_600_000;
const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist');

const outputs = await Promise.all(programs.map(bundle));
await removeOldParts(new Set(outputs.flat().map((path) => basename(path))));

/**
 * Each for itself: what it always needs is one file, and only what it may need later lies beside it. Shared with other
 * programs, it would be some fifty files.
 *
 * @param {string} program
 */
async function bundle(program) {
  const { metafile } = await build({
    absWorkingDir: dirname(folder),
    entryPoints: [program],
    outbase: '.',
    outdir: folder,
    chunkNames: 'shared/[name]-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20.11',
    format: 'esm',
    // Packages written as CommonJS ask for Node's own modules by `require`, which ES modules do not have.
    banner: {
      js: "import { createRequire as bundleRequire } from 'node:module';\nconst require = bundleRequire(import.meta.url);",
    },
    external: notBundled,
    sourcemap: 'linked',
    // Not keepNames: it names each closure anew whenever one is made, a tenth of what a request costs the API server.
    // A third of what a start costs is V8 reading the text.
    minifyWhitespace: true,
    minifySyntax: true,
    // An error that ends a process shows the line that it is from.
    lineLimit: 160,
    metafile: true,
    plugins: [withoutParts()],
    logLevel: 'warning',
  });
  return Object.keys(metafile.outputs);
}

/** @returns {import('esbuild').Plugin} */
function withoutParts() {
  const found = new Set();
  return {
    name: 'left-out parts of packages',
    setup({ onResolve, onLoad, onEnd }) {
      onResolve({ filter: /^\.\// }, ({ path, importer }) => {
        const part = leftOut.find((one) => one.path === path && importer.includes(one.importer));
        if (part === undefined) return undefined;
        found.add(part);
        return { path, namespace: 'left-out' };
      });
      onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({
        contents: `module.exports = () => { throw new Error('${path} is not part of this build'); };`,
      }));
      onEnd(({ metafile }) => ({
        errors: leftOut
          .filter((part) => !found.has(part) && metafile !== undefined && includes(metafile, part.importer))
          .map(({ path, importer }) => ({ text: `${importer} no longer asks for ${path}: look at leftOut` })),
      }));
    },
  };
}

/**
 * @param {import('esbuild').Metafile} metafile
 * @param {string} part
 */
function includes({ inputs }, part) {
  return Object.keys(inputs).some((path) => path.includes(part));
}

/** @param {ReadonlySet<string>} kept */
async function removeOldParts(kept) {
  const shared = join(folder, 'shared');
  for (const name of await readdir(shared)) {
    const path = join(shared, name);
    if (!kept.has(name) && Date.now() - (await stat(path)).mtimeMs > keptMs) await rm(path);
  }
}
