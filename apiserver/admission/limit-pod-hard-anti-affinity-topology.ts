/** A pod may ask for a node without certain others, but not for a whole zone without them. */

import { hostnameLabel } from '../../api/labels.ts';
import { pods } from '../../api/resources/core.ts';
import { forbidden } from '../../api/status-error.ts';
import { type AdmissionPlugin, onWrite } from '../registry/admission.ts';

export const limitPodHardAntiAffinityTopology: AdmissionPlugin = {
  name: 'LimitPodHardAntiAffinityTopology',

  validate: [
    onWrite(['CREATE', 'UPDATE'], pods, ({ kind, name, object: { spec } }) => {
      const terms = spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
      const wider = terms.find(({ topologyKey }) => topologyKey !== hostnameLabel);
      if (wider === undefined) return;
      throw forbidden(
        kind,
        name,
        `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${wider.topologyKey} but only key ${hostnameLabel} is allowed`,
      );
    }),
  ],
};
