/** Agents send a heartbeat this often, in seconds. */
export const heartbeatSeconds = 5

/** Silent for longer than this, in seconds: the node is offline and its usage unknown. */
export const heartbeatLimitSeconds = 15

/** A replica on a node that is silent for this long, or that no agent acknowledged for this long, is lost. Seconds. */
export const lostAfterSeconds = 30

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
