/** How a plugin says what it is: upstream's service `pluginregistration.Registration`, which plugins serve. */

import type { PluginMethod } from './plugin-channel.ts';
import { defineMessages } from './wire-messages.ts';

export const registrationMessages = defineMessages({
  InfoRequest: {},
  PluginInfo: { type: 'string 1', name: 'string 2', endpoint: 'string 3', supportedVersions: 'repeated string 4' },
  RegistrationStatus: { pluginRegistered: 'bool 1', error: 'string 2' },
  RegistrationStatusResponse: {},
});

const service = '/pluginregistration.Registration';
const { InfoRequest, PluginInfo, RegistrationStatus, RegistrationStatusResponse } = registrationMessages;

export const registrationMethods = {
  getInfo: { path: `${service}/GetInfo`, request: InfoRequest, response: PluginInfo },
  notifyRegistrationStatus: {
    path: `${service}/NotifyRegistrationStatus`,
    request: RegistrationStatus,
    response: RegistrationStatusResponse,
  },
} as const satisfies Record<string, PluginMethod>;
