import type { Speakers } from '@/tests/chaos/checks/identity'
import type { FoundContainer } from '@/tests/chaos/containers'
import type { Database } from '@/tests/chaos/database'
import type { Rest } from '@/tests/chaos/rest'
import type { Stack } from '@/tests/chaos/stack'
import type { Timeline } from '@/tests/chaos/timeline'

export interface Attack {
  stack: Stack
  database: Database
  timeline: Timeline
  speakers: Speakers
  /** For the crowd at the web server. */
  rest: Rest
  say: (text: string) => void
  /** Containers of a host that run, and are to run on. */
  lasting: (host: string) => Promise<FoundContainer[]>
  /** Told, when they go on, of replicas whose containers were paused. */
  onThaw: (replicaIds: string[]) => Promise<void>
  /** Told of every line that is cut off, and again before it is healed. */
  onCut: (target: string) => Promise<void>
  onHeal: (target: string) => Promise<void>
}

export type Undo = () => Promise<void>
export interface FaultLog {
  /** Processes killed, by what they were. */
  kills: Record<string, number>
  /** Faults carried out, by kind. */
  faults: Record<string, number>
  /** Nothing was there to attack at that moment. */
  missed: number
}
