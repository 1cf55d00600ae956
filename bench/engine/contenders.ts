/** Starts containers on the engine and returns the milliseconds until the engine had started them all. */
import type { Starts } from './starts'

export interface Contender {
  /** Starts `count` groups of three containers each, all requested at once. */
  start(count: number, starts: Starts): Promise<number>
  /** Removes what was started; not measured. */
  clear(): Promise<void>
}

/** Containers per group, and replicas per deployment. */
export const groupSize = 3
/** The limits of each container. */
export const size = { cpuMillis: 500, memoryMb: 512 } as const
export const image = 'fogdeck-test/web:1'
