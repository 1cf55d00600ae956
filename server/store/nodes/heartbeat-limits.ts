import { defaultSettings } from '@/core/settings/settings'

/** How often agents are to beat, as it is set now, as SQL of type float8. */
export const heartbeatSeconds = `coalesce(
  (select (value->>'everySeconds')::float8 from settings where key = 'heartbeat'), ${defaultSettings.heartbeat.everySeconds})`

/** The heartbeat limit as it is set now, as SQL of type interval: read with the rows that are judged by it. */
export const heartbeatLimit = `make_interval(secs => coalesce(
  (select (value->>'limitSeconds')::float8 from settings where key = 'heartbeat'), ${defaultSettings.heartbeat.limitSeconds}))`
