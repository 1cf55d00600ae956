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
  /** Used by the crowd at the web server. */
  rest: Rest
  say: (text: string) => void
  /** Running containers of a host that are to keep running. */
  lasting: (host: string) => Promise<FoundContainer[]>
  /** Called with the replicas whose containers were paused, when these resume. */
  onThaw: (replicaIds: string[]) => Promise<void>
  /** Called for every connection that is cut, and again before it is restored. */
  onCut: (target: string) => Promise<void>
  onHeal: (target: string) => Promise<void>
}

export type Undo = () => Promise<void>
export interface FaultLog {
  /** Killed processes, by what they were. */
  kills: Record<string, number>
  /** Completed faults, by kind. */
  faults: Record<string, number>
  /** Faults whose target did not run at that moment. */
  missed: number
}
