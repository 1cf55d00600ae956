/** What one step of `npm test` came to. `failures` and `wavering`: a name each, and under it what the test said. */
export interface StepResult {
  passed: number
  failed: number
  skipped: number
  failures?: string[]
  /** What failed at first and passed when it was tried again. */
  wavering?: string[]
}

type ReadReport = (file: string, exitCode: number) => StepResult

export const nothing: StepResult
export const readVitest: ReadReport
export const readPlaywright: ReadReport
export const readChaos: ReadReport
