export const nodeStatuses = ['idle', 'active', 'busy', 'offline', 'maintenance'] as const
export type NodeStatus = (typeof nodeStatuses)[number]

/** Only nodes in these statuses take new replicas. */
export const schedulableNodeStatuses: readonly NodeStatus[] = ['idle', 'active']
