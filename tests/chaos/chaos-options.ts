export interface ChaosOptions {
  durationMs: number
  seed: number
  nodes: number
  engines: number
  gapMs: number
  planOnly: boolean
  breaks: string[]
  show: string | null
  reportFile: string | null
}
