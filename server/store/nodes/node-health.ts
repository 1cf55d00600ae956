import { heartbeatLimit } from './heartbeat-limits'
import { heartbeatsUntil, offlineLimit, seenTime } from './report-intake'

/**
 * Whether the last heartbeat of a node is older than the limit, for whatever reason, so that its usage is unknown, as
 * SQL.
 */
export const isStale = (node: string): string => `coalesce(${node}.last_heartbeat < now() - ${heartbeatLimit}, true)`

/**
 * Whether a node is offline, as SQL: it sent nothing for the heartbeat limit, not counting time in which no server listened. What it
 * may have sent while the control plane was behind does not count against it.
 */
export const isUnreachable = (node: string): string => `coalesce(
  ${node}.last_heartbeat < ${heartbeatsUntil} - ${heartbeatLimit}
    and ${seenTime(`${node}.last_heartbeat`, heartbeatsUntil)} > ${offlineLimit},
  ${node}.last_heartbeat is null)`

/**
 * A node's status as SQL, from its own row: full nodes are busy (nothing fits the smallest request any more), nodes
 * with reservations active, others idle. Offline and maintenance are left to those who set them.
 */
export const derivedNodeStatus = (node: string): string => `
  case when ${node}.status in ('offline', 'maintenance') then ${node}.status else ${onlineNodeStatus(node)} end`

/** The status of an online node. One that is drained for maintenance is in maintenance once nothing is left on it. */
export const onlineNodeStatus = (node: string): string => `
  case when ${node}.maintenance_when_drained and ${node}.reserved_cpu_millis = 0 then 'maintenance'
       when ${node}.cpu_cores * 1000 - ${node}.reserved_cpu_millis < 500 or ${node}.memory_mb - ${node}.reserved_memory_mb < 512 then 'busy'
       when ${node}.reserved_cpu_millis > 0 then 'active'
       else 'idle' end`
