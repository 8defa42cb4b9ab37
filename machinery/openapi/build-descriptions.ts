/** Part of the build: writes the sentences of `explain` into the data file that an installation reads. */

import { writeFileSync } from 'node:fs';
import { descriptionsFile, descriptionsOfTypes } from './descriptions.ts';

writeFileSync(descriptionsFile, JSON.stringify(descriptionsOfTypes()));
