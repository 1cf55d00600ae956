/** Who starts containers on the engine. Each says how many milliseconds it took until the engine had started them all. */
import type { Starts } from './starts'

export interface Contender {
  /** `count` groups of three containers each, asked for at once. */
  start(count: number, starts: Starts): Promise<number>
  /** Removes what it started; not timed. */
  clear(): Promise<void>
}

/** Three of them are what one deployment has. */
export const groupSize = 3
/** Each container may use this much. */
export const size = { cpuMillis: 500, memoryMb: 512 } as const
export const image = 'fogdeck-test/web:1'
