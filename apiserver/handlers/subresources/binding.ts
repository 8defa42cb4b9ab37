/** `pods/<name>/binding` and the older `bindings`: a pod gets its node, once. */

import { mirrorAnnotation } from '../../../api/labels.ts';
import type { Stored } from '../../../api/object.ts';
import { isPodTerminating } from '../../../api/pods.ts';
import { bindings, pods } from '../../../api/resources/core.ts';
import { diagnosisAnnotation } from '../../../api/scheduling-diagnosis.ts';
import { badRequest, conflict } from '../../../api/status-error.ts';
import { formatTime, nilTime } from '../../../api/time.ts';
import type { Binding, Pod } from '../../../api/types/core/v1.ts';
import { bindingKind } from '../../../kinds/core/pods/binding.ts';
import { FieldErrors, FieldPath, invalidObject } from '../../../machinery/field-errors.ts';
import type { Registries } from '../../registry/registries.ts';
import { parseWriteOptions } from '../../request/write-options.ts';
import { negotiate } from '../../responses/negotiation.ts';
import { sendValue } from '../../responses/object-answers.ts';
import { admitCreation } from '../admit-creation.ts';
import type { ServerOf } from '../resource-server.ts';
import { placeInNamespace, readObject, writeRequest } from '../write.ts';

const bindingName = { group: '', plural: 'pods/binding' };

export const createBindingServer = (registries: Registries): ServerOf<'binding'> => ({
  async create(request, target) {
    const options = parseWriteOptions(request.query, 'CreateOptions');
    const binding = await readObject(request, bindingKind, options);
    placeInNamespace(binding, target);
    const name = target.name === '' ? (binding.metadata?.name ?? '') : target.name;
    if (name === '') throw badRequest('Name parameter required.');
    if (target.name !== '' && binding.metadata?.name && binding.metadata.name !== target.name) {
      throw badRequest(`name in URL does not match name in Binding object`);
    }
    const registry = registries.of(pods);
    const pod = { kind: registry.kind, namespace: target.namespace, name };
    const posted = { target: pod, subresource: 'binding', object: binding, dryRun: options.dryRun };
    await admitCreation(registries.admission, request, posted);
    checkTarget(binding, name);
    await registry.update(
      { namespace: target.namespace, name },
      {
        ...writeRequest(request, { ...target, kind: registry.kind, registry }, options),
        subresource: 'binding',
        // As upstream: no field manager owns where a pod runs.
        trackFields: undefined,
        skipStrategy: true,
        isAdmitted: true,
        leavesPrevious: true,
        expectedUid: binding.metadata?.uid,
      },
      // Of what is missing there is no change to make: the registry has said NotFound.
      (previous) => bind(previous as Stored<Pod>, binding, request.clock.now()),
    );
    const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
    await sendValue(request, 201, status, negotiate(request.header('accept'), ['object']));
  },
});

function checkTarget(binding: Binding, name: string): void {
  const errors = new FieldErrors();
  const target = FieldPath.of('target');
  const { kind = '', name: node = '' } = binding.target;
  if (kind !== '' && kind !== 'Node') errors.notSupported(target.child('kind'), kind, ['Node', '<empty>']);
  if (node === '') errors.required(target.child('name'));
  if (!errors.empty) throw invalidObject(bindings, name, errors.list);
}

/** The pod with its node. What the binding does not touch is shared with `pod`, which stays as it is. */
function bind(pod: Stored<Pod>, binding: Binding, now: number): Pod {
  const { name } = pod.metadata;
  if (isPodTerminating(pod)) {
    throw conflict(bindingName, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  if (pod.spec?.nodeName)
    throw conflict(bindingName, name, `pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
  if (pod.spec?.schedulingGates?.length)
    throw conflict(bindingName, name, `pod ${name} has non-empty .spec.schedulingGates`);
  const { annotations = {}, labels } = binding.metadata ?? {};
  checkMirror(pod, annotations[mirrorAnnotation]);
  // It has a node: why it had none is history.
  const { [diagnosisAnnotation]: _, ...kept } = pod.metadata.annotations ?? {};
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(pod.metadata.annotations !== undefined || Object.keys(annotations).length > 0
        ? { annotations: { ...kept, ...annotations } }
        : {}),
      ...(labels && { labels: { ...pod.metadata.labels, ...labels } }),
    },
    ...(pod.spec && { spec: { ...pod.spec, nodeName: binding.target.name ?? '' } }),
    status: { ...pod.status, conditions: withScheduled(pod, now) },
  };
}

/** Beyond upstream: with it a kubelet takes the pod for the picture of one of its own, and other rules hold. */
function checkMirror({ metadata: { name, annotations = {} } }: Stored<Pod>, mirror: string | undefined): void {
  if (mirror === undefined || mirror === annotations[mirrorAnnotation]) return;
  const errors = new FieldErrors();
  const change = annotations[mirrorAnnotation] === undefined ? 'add' : 'remove or update';
  const path = FieldPath.of('metadata').child('annotations').key(mirrorAnnotation);
  errors.forbidden(path, `may not ${change} mirror pod annotation`);
  throw invalidObject(bindings, name, errors.list);
}

function withScheduled(pod: Pod, now: number): NonNullable<NonNullable<Pod['status']>['conditions']> {
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  const lastTransitionTime = formatTime(now);
  return [
    ...others,
    {
      type: 'PodScheduled',
      status: 'True',
      lastProbeTime: nilTime,
      lastTransitionTime,
    },
  ];
}
