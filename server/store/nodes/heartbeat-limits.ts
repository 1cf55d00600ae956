import { defaultSettings } from '@/core/settings/settings'

/** The heartbeat interval setting in seconds, as SQL of type float8. */
export const heartbeatSeconds = `coalesce(
  (select (value->>'everySeconds')::float8 from settings where key = 'heartbeat'), ${defaultSettings.heartbeat.everySeconds})`

/** The heartbeat limit setting, as SQL of type interval, to be read together with the rows that it applies to. */
export const heartbeatLimit = `make_interval(secs => coalesce(
  (select (value->>'limitSeconds')::float8 from settings where key = 'heartbeat'), ${defaultSettings.heartbeat.limitSeconds}))`
