/** Images are pulled each time: nobody runs what a node happens to have, but he may not pull. */

import { pods } from '../../api/resources/core.ts';
import { forbidden } from '../../api/status-error.ts';
import type { Container, EphemeralContainer, ImageVolumeSource, Pod } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { type AdmissionPlugin, onWrite, type WriteOf } from '../registry/admission.ts';

const always = 'Always';
const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

export const alwaysPullImages: AdmissionPlugin = {
  name: 'AlwaysPullImages',
  admit: [
    onWrite(['CREATE', 'UPDATE'], pods, pullAlways),
    onWrite(['UPDATE'], pods, pullAlways, 'ephemeralcontainers'),
  ],
  validate: [
    onWrite(['CREATE', 'UPDATE'], pods, refuseOthers),
    onWrite(['UPDATE'], pods, refuseOthers, 'ephemeralcontainers'),
  ],
};

function pullAlways({ object, previous }: WriteOf<Pod>): void {
  if (bringsNoImage(object, previous)) return;
  for (const container of containersOf(object)) container.imagePullPolicy = always;
  for (const image of imageVolumesOf(object)) image.pullPolicy = always;
}

function refuseOthers({ kind, name, object, previous }: WriteOf<Pod>): void {
  if (bringsNoImage(object, previous)) return;
  const errors = new FieldErrors();
  for (const list of lists) {
    (object.spec?.[list] ?? []).forEach(({ imagePullPolicy = '' }, index) => {
      const place = FieldPath.of('spec', list).index(index).child('imagePullPolicy');
      if (imagePullPolicy !== always) errors.notSupported(place, imagePullPolicy, [always]);
    });
  }
  (object.spec?.volumes ?? []).forEach(({ image }, index) => {
    const place = FieldPath.of('spec', 'volumes').index(index).child('image', 'pullPolicy');
    const policy = image?.pullPolicy ?? '';
    if (image !== undefined && policy !== always) errors.notSupported(place, policy, [always]);
  });
  const texts = errors.list.map(({ field, message }) => `${field}: ${message}`);
  if (texts.length > 0) throw forbidden(kind, name, texts.length === 1 ? String(texts[0]) : `[${texts.join(', ')}]`);
}

const containersOf = ({ spec }: Pod): readonly (Container | EphemeralContainer)[] =>
  lists.flatMap((list): readonly (Container | EphemeralContainer)[] => spec?.[list] ?? []);

const imageVolumesOf = ({ spec }: Pod): readonly ImageVolumeSource[] =>
  (spec?.volumes ?? []).flatMap(({ image }) => image ?? []);

/** Pods from before the plugin was on can be updated in every other way. */
function bringsNoImage(pod: Pod, previous: DeepReadonly<Pod> | undefined): boolean {
  if (previous === undefined) return false;
  const before = new Set(lists.flatMap((list) => (previous.spec?.[list] ?? []).map(({ image }) => image)));
  return containersOf(pod).every(({ image }) => before.has(image));
}
