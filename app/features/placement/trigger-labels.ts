/** Why the scheduler ran. */
const triggers: Record<string, { short: string; because: string }> = {
  deploy: { short: 'deployed', because: 'it was deployed' },
  scale: { short: 'scaled', because: 'it was scaled' },
  update: { short: 'updated', because: 'it was updated' },
  rollback: { short: 'rolled back', because: 'it was rolled back' },
  drain: { short: 'a node was drained', because: 'a node was drained' },
  move: { short: 'a replica was replaced', because: 'a replica was replaced' },
  retry: { short: 'retried', because: 'it was retried' },
  stop: { short: 'stopped', because: 'it was stopped' },
  start: { short: 'started', because: 'it was started' },
  restart: { short: 'restarted', because: 'it was restarted' },
  capacity: { short: 'more capacity', because: 'capacity became available' },
  'replica-failed': { short: 'a replica failed', because: 'a replica failed' },
  'node-lost': { short: 'a node went offline', because: 'a node went offline' },
}

export const decisionTriggers = Object.keys(triggers)

export const triggerText = (trigger: string): string => triggers[trigger]?.short ?? trigger
export const becauseText = (trigger: string): string => triggers[trigger]?.because ?? trigger
