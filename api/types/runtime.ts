/** Generated from the facts by `npm run generate`: not edited by hand. */

export interface Info {
  buildDate: string;
  compiler: string;
  emulationMajor?: string;
  emulationMinor?: string;
  gitCommit: string;
  gitTreeState: string;
  gitVersion: string;
  goVersion: string;
  major: string;
  minCompatibilityMajor?: string;
  minCompatibilityMinor?: string;
  minor: string;
  platform: string;
}

export type IntOrString = string | number;

export type Quantity = string;

export type RawExtension = unknown;
