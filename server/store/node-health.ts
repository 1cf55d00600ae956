import { defaultSettings } from '../domain/settings'

/** How often agents are to beat, as it is set now, as SQL of type float8. */
export const heartbeatSeconds = `coalesce(
  (select (value->>'everySeconds')::float8 from settings where key = 'heartbeat'), ${defaultSettings.heartbeat.everySeconds})`

/** The heartbeat limit as it is set now, as SQL of type interval: read with the rows that are judged by it. */
export const heartbeatLimit = `make_interval(secs => coalesce(
  (select (value->>'limitSeconds')::float8 from settings where key = 'heartbeat'), ${defaultSettings.heartbeat.limitSeconds}))`

/** Whether a node is silent, as SQL. */
export const isSilent = (node: string): string => `coalesce(${node}.last_heartbeat < now() - ${heartbeatLimit}, true)`

/**
 * A node's status as SQL, from its own row: full nodes are busy (nothing fits the smallest request any more), nodes
 * with reservations active, others idle. Offline and maintenance are left to those who set them.
 */
export const derivedNodeStatus = (node: string): string => `
  case when ${node}.status in ('offline', 'maintenance') then ${node}.status else ${onlineNodeStatus(node)} end`

/** Of a node that is heard. One that is drained for maintenance is in maintenance once nothing is left on it. */
export const onlineNodeStatus = (node: string): string => `
  case when ${node}.maintenance_wanted and ${node}.reserved_cpu_millis = 0 then 'maintenance'
       when ${node}.cpu_cores * 1000 - ${node}.reserved_cpu_millis < 500 or ${node}.memory_mb - ${node}.reserved_memory_mb < 512 then 'busy'
       when ${node}.reserved_cpu_millis > 0 then 'active'
       else 'idle' end`
