/** Staged scenes with figures. */
import type { ChaosOptions } from './options'

export interface Show {
  what: string
  play: (options: ChaosOptions, say: (text: string) => void) => Promise<boolean>
}

export const shows: Record<string, Show> = {}
