/** What the conformance suite asks of pods and their volumes, as far as it takes no long waits. The rest is in `long/`. */

import { describe } from 'node:test';
import { endings } from './pods/endings.ts';
import { environment } from './pods/environment.ts';
import { resizes } from './pods/resizes.ts';
import { streams } from './pods/streams.ts';
import { surroundings } from './pods/surroundings.ts';
import { onOneCluster } from './shared-cluster.ts';
import { imageVolumes } from './volumes/image-volumes.ts';

describe('pods', () => {
  onOneCluster({ together: { environment, endings, surroundings, streams, resizes, imageVolumes } });
});
