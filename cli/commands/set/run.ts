/** `set image|env|resources|serviceaccount|selector|subject`. */

import { equalJson } from '../../../api/json-record.ts';
import type { KubernetesObject } from '../../../api/object.ts';
import type { ServedResource } from '../../../api/resource.ts';
import { configMaps, secrets } from '../../../api/resources/core.ts';
import type { EnvVar, PodSpec } from '../../../api/types/core/v1.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { parseOne } from '../../resources.ts';
import { dryRunOf, resultPrinter } from '../../results.ts';
import { findTargets } from '../../target-objects.ts';
import { subjectsFrom, withSubjects } from './subjects.ts';
import {
  hasContainer,
  patchAt,
  pathToPodSpec,
  podSpecAt,
  setEnv,
  setImages,
  setResources,
  withAt,
} from './template-change.ts';
import { parseQuantities, splitWords, variableName } from './words.ts';

/** What one `set` makes of an object. */
interface Setting {
  readonly resources: readonly string[];
  readonly operation: string;
  /** Undefined: nothing is to be said of it either. */
  change(object: KubernetesObject, kind: ServedResource): SetChange | undefined;
}

interface SetChange {
  readonly changed: KubernetesObject;
  /** A strategic merge patch that makes it so. */
  readonly body: object;
}

type MakeSetting = (context: CommandContext, args: Arguments, words: readonly string[]) => Promise<Setting> | Setting;

const settings: Readonly<Record<string, MakeSetting>> = {
  image,
  env,
  resources,
  serviceaccount,
  sa: serviceaccount,
  selector,
  subject,
};

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const what = textOf(args, 'what') ?? '';
  const make = settings[what];
  if (make === undefined)
    throw new UserError(`set image, env, resources, serviceaccount, selector or subject; not "${what}"`);
  const words = textsOf(args, 'words');
  if (what === 'env' && isSet(args, 'list')) return await listVariables(context, args, words);
  const setting = await make(context, args, words);
  const isLocal = isSet(args, 'local');
  if (isLocal && textsOf(args, 'filename').length === 0)
    throw new UserError('error: you must specify resources by --filename when --local is set.');
  const client = await context.client();
  const print = await resultPrinter(context, args);
  const options = { dryRun: dryRunOf(args) !== 'none', fieldManager: textOf(args, 'field-manager') ?? 'kubecfg-set' };
  for (const { kind, key, manifest } of await findTargets(context, args, setting.resources)) {
    const object: KubernetesObject = isLocal && manifest !== undefined ? manifest : await client.get(kind, key);
    const change = setting.change(object, kind);
    if (change === undefined) continue;
    const { body, changed } = change;
    const result = isLocal
      ? changed
      : await client.patch<KubernetesObject>(kind, key, { type: 'strategic', body }, options);
    print(kind, result, setting.operation);
  }
}

/** What one `set` makes of a pod template; `isSaid`: also of one that was so already. */
interface TemplateChange {
  readonly isSaid?: boolean;
  changed(spec: PodSpec, whose: { readonly kind: ServedResource; readonly name: string }): Partial<PodSpec>;
}

function templateSetting(
  resources: readonly string[],
  operation: string,
  { changed, isSaid = false }: TemplateChange,
): Setting {
  return {
    resources,
    operation,
    change(object, kind) {
      const path = pathToPodSpec(object);
      const before = path && podSpecAt(object, path);
      const name = object.metadata?.name ?? '';
      if (path === undefined || before === undefined)
        throw new UserError(`error: ${kind.plural} "${name}" has no pod template`);
      const after: Partial<PodSpec> = changed(before, { kind, name });
      const fields = Object.entries(after).filter(([field, value]) => !equalJson(value, Reflect.get(before, field)));
      if (fields.length === 0 && !isSaid) return undefined;
      return {
        changed: withAt(object, path, Object.fromEntries(fields)),
        body: patchAt(path, Object.fromEntries(fields.flatMap(([field, value]) => mergeable(field, value, before)))),
      };
    },
  };
}

/** Lists are merged by name; a list of variables is replaced whole, because some of it may go. */
function mergeable(name: string, value: unknown, before: PodSpec): (readonly [string, unknown])[] {
  if (!Array.isArray(value)) return [[name, value]];
  const earlier: unknown = Reflect.get(before, name);
  const known = Array.isArray(earlier) ? earlier : [];
  const changed = value.filter((item, index) => !equalJson(item, known[index]));
  return [[name, changed.map((item) => ({ ...item, ...(item.env && { env: [...item.env, { $patch: 'replace' }] }) }))]];
}

function image(_: CommandContext, __: Arguments, words: readonly string[]): Setting {
  const { resources: named, values } = splitWords(words);
  if (values.size === 0) throw new UserError('error: at least one image update is required');
  return templateSetting(named, 'image updated', { changed: (spec) => setImages(spec, values) });
}

function resources(_: CommandContext, args: Arguments, words: readonly string[]): Setting {
  const limits = parseQuantities(textOf(args, 'limits'));
  const requests = parseQuantities(textOf(args, 'requests'));
  if (Object.keys({ ...limits, ...requests }).length === 0)
    throw new UserError('error: you must specify an update to requests or limits (in the form of --requests/--limits)');
  const pattern = textOf(args, 'containers') ?? '*';
  return templateSetting(words, 'resource requirements updated', {
    changed: (spec) => setResources(spec, pattern, { limits, requests }),
  });
}

async function env(context: CommandContext, args: Arguments, words: readonly string[]): Promise<Setting> {
  const { resources: named, values, remove } = splitWords([...words, ...textsOf(args, 'env')], { removes: true });
  const set = [
    ...[...values].map(([name, value]): EnvVar => ({ name, value })),
    ...(await variablesFrom(context, args)),
  ];
  if (set.length + remove.size === 0) throw new UserError('error: at least one environment variable must be provided');
  const change = { set, remove, overwrite: args.overwrite !== false };
  const pattern = textOf(args, 'containers') ?? '*';
  return templateSetting(named, 'env updated', {
    changed(spec, { kind, name }) {
      if (!hasContainer(spec, pattern))
        context.errors.write(`Warning: ${kind.kind}/${name} does not have any containers matching "${pattern}"\n`);
      return setEnv(spec, pattern, change, `${kind.plural}/${name}`);
    },
  });
}

/** One variable for each key of what `--from` names, that refers to it. */
async function variablesFrom(context: CommandContext, args: Arguments): Promise<EnvVar[]> {
  const from = textOf(args, 'from');
  if (from === undefined) return [];
  const client = await context.client();
  const { kind, name } = await parseOne(client, [from]);
  const key = { namespace: await context.oneNamespace(), name };
  const isSecret = kind.plural === secrets.plural && kind.group === '';
  if (!isSecret && (kind.plural !== configMaps.plural || kind.group !== ''))
    throw new UserError(`error: unsupported resource specified in --from`);
  const { data = {} } = isSecret ? await client.get(secrets, key) : await client.get(configMaps, key);
  const wanted = textsOf(args, 'keys').flatMap((keys) => keys.split(','));
  const nameOf = (one: string): string => {
    const plain = variableName(one, '');
    if (plain !== one.toUpperCase()) context.errors.write(`Warning: key ${one} transferred to ${plain}\n`);
    return `${textOf(args, 'prefix') ?? ''}${plain}`;
  };
  return Object.keys(data)
    .filter((one) => wanted.length === 0 || wanted.includes(one))
    .sort()
    .map((one) => ({
      name: nameOf(one),
      valueFrom: isSecret ? { secretKeyRef: { name, key: one } } : { configMapKeyRef: { name, key: one } },
    }));
}

async function listVariables(context: CommandContext, args: Arguments, words: readonly string[]): Promise<void> {
  const client = await context.client();
  for (const { kind, key } of await findTargets(context, args, splitWords(words, { removes: true }).resources)) {
    const object: KubernetesObject = await client.get(kind, key);
    const path = pathToPodSpec(object);
    const spec = path && podSpecAt(object, path);
    for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
      context.out.write(`# ${kind.kind} ${key.name}, container ${container.name}\n`);
      for (const variable of container.env ?? []) context.out.write(`${listed(variable)}\n`);
    }
  }
}

function listed({ name, value, valueFrom }: EnvVar): string {
  const { configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef } = valueFrom ?? {};
  if (configMapKeyRef) return `# ${name} from configmap ${configMapKeyRef.name}, key ${configMapKeyRef.key}`;
  if (secretKeyRef) return `# ${name} from secret ${secretKeyRef.name}, key ${secretKeyRef.key}`;
  if (fieldRef) return `# ${name} from field path ${fieldRef.fieldPath}`;
  return resourceFieldRef ? `# ${name} from resource ${resourceFieldRef.resource}` : `${name}=${value ?? ''}`;
}

function serviceaccount(_: CommandContext, __: Arguments, words: readonly string[]): Setting {
  const account = words.at(-1);
  if (account === undefined || words.length < 2)
    throw new UserError('error: serviceaccount is required: set serviceaccount deployment/web NAME');
  return templateSetting(words.slice(0, -1), 'serviceaccount updated', {
    isSaid: true,
    changed: () => ({ serviceAccountName: account, serviceAccount: account }),
  });
}

function selector(_: CommandContext, __: Arguments, words: readonly string[]): Setting {
  const last = words.at(-1) ?? '';
  const labels = Object.fromEntries(last.split(',').map((pair) => pair.split('=', 2)));
  if (words.length < 2 || !/^[^=,]+=[^=,]*(,[^=,]+=[^=,]*)*$/.test(last))
    throw new UserError('error: one resource and one selector are needed: set selector service/web app=web');
  return {
    resources: words.slice(0, -1),
    operation: 'selector updated',
    change(object, kind) {
      if (kind.plural !== 'services') throw new UserError('error: cannot set a selector on anything but a Service');
      return {
        changed: withAt(object, ['spec'], { selector: labels }),
        body: { spec: { selector: { ...labels, $patch: 'replace' } } },
      };
    },
  };
}

function subject(_: CommandContext, args: Arguments, words: readonly string[]): Setting {
  const added = subjectsFrom(args);
  return {
    resources: words,
    operation: 'subjects updated',
    change(object) {
      const body = withSubjects(object, added);
      return body && { changed: { ...object, ...body }, body };
    },
  };
}
