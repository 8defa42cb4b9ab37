/** Pods of a namespace run on the nodes that the namespace, or the cluster's configuration, says. */

import { isRecord } from '../../api/json-record.ts';
import { namespaces, pods } from '../../api/resources/core.ts';
import { forbidden, notFound } from '../../api/status-error.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import { checkLabelValue, checkQualifiedName } from '../../kinds/validation/names.ts';
import { type AdmissionPlugin, onWrite, type WriteOf } from '../registry/admission.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import { ConfigurationError, readFields, readText } from './configuration-fields.ts';

const annotation = 'scheduler.alpha.kubernetes.io/node-selector';
const defaultKey = 'clusterDefaultNodeSelector';

type Labels = Readonly<Record<string, string>>;
/** By namespace what its pods may ask for; by `clusterDefaultNodeSelector` what pods get whose namespace says nothing. */
export type NodeSelectors = ReadonlyMap<string, Labels>;

export const createPodNodeSelector = (objects: ObjectReader, selectors: NodeSelectors): AdmissionPlugin => ({
  name: 'PodNodeSelector',

  admit: [
    onWrite(['CREATE'], pods, async (request) => {
      const { spec } = request.object;
      if (spec === undefined) return;
      const wanted = await selectorOf(objects, selectors, request);
      refuseConflict(request, wanted);
      if (Object.keys(wanted).length > 0) spec.nodeSelector = { ...wanted, ...spec.nodeSelector };
    }),
  ],

  validate: [
    onWrite(['CREATE'], pods, async (request) => {
      refuseConflict(request, await selectorOf(objects, selectors, request));
      const allowed = Object.entries(selectors.get(request.namespace ?? '') ?? {});
      const asked = Object.entries(request.object.spec?.nodeSelector ?? {});
      if (allowed.length === 0) return;
      const isAllowed = asked.every(([key, value]) => allowed.some(([name, one]) => name === key && one === value));
      if (!isAllowed) throw refuse(request, 'pod node label selector labels conflict with its namespace whitelist');
    }),
  ],
});

const refuse = ({ kind, name }: WriteOf<Pod>, why: string) => forbidden(kind, name, why);

function refuseConflict(request: WriteOf<Pod>, wanted: Labels): void {
  const asked = request.object.spec?.nodeSelector ?? {};
  const isOther = Object.entries(asked).some(([key, value]) => Object.hasOwn(wanted, key) && wanted[key] !== value);
  if (isOther) throw refuse(request, 'pod node label selector conflicts with its namespace node label selector');
}

async function selectorOf(objects: ObjectReader, selectors: NodeSelectors, request: WriteOf<Pod>): Promise<Labels> {
  const { namespace = '' } = request;
  const found = await objects.find(namespaces, { name: namespace });
  if (found === undefined) throw notFound(namespaces, namespace);
  const text = found.metadata.annotations?.[annotation];
  if (text === undefined) return selectors.get(defaultKey) ?? {};
  const labels = parseLabels(text);
  if (typeof labels === 'string') throw refuse(request, `namespace ${namespace}, annotation ${annotation}: ${labels}`);
  return labels;
}

/** `a=b,c=d`; a text: what is wrong with it. */
function parseLabels(text: string): Labels | string {
  const labels: [string, string][] = [];
  for (const part of text.split(',').map((one) => one.trim())) {
    if (part === '' && text.trim() === '') continue;
    const [key = '', value, ...more] = part.split('=').map((one) => one.trim());
    if (value === undefined || more.length > 0) return `invalid selector: ${text}`;
    const [wrong] = [...checkQualifiedName(key), ...checkLabelValue(value)];
    if (wrong !== undefined) return `invalid selector: ${text}: ${wrong}`;
    labels.push([key, value]);
  }
  return Object.fromEntries(labels);
}

/** Upstream's form: `podNodeSelectorPluginConfig`, a map of texts. Throws ConfigurationError. */
export function readNodeSelectors(document: unknown): NodeSelectors {
  const place = 'podNodeSelectorPluginConfig';
  const { [place]: texts = {} } = readFields(document, '', [place]);
  if (!isRecord(texts)) throw new ConfigurationError(`${place}: must be an object`);
  return new Map(
    Object.entries(texts).map(([namespace, text]): [string, Labels] => {
      const labels = parseLabels(readText(text, `${place}.${namespace}`));
      if (typeof labels === 'string') throw new ConfigurationError(`${place}.${namespace}: ${labels}`);
      return [namespace, labels];
    }),
  );
}
