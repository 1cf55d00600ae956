/**
 * The rules for text, numbers and times, as checks of schemas. server/api/inputs.test.ts walks all inputs and reports
 * every text, number, time, list and record that has none of them.
 */
import * as z from 'zod/mini'
import { timeProblem } from './ranges'
import { type TextShape, textProblem } from './text'

const rules = new WeakSet<object>()

export const asRule = <Rule extends object>(rule: Rule): Rule => {
  rules.add(rule)
  return rule
}

/** Whether a check or schema is one of the rules. */
export const isRule = (candidate: object): boolean => rules.has(candidate)

/** Refuses a value with the message that `problemOf` returns. */
export const refusing = <Value>(problemOf: (value: Value) => string | null) =>
  asRule(
    z.check<Value>((payload) => {
      // Errors about the type are reported first.
      if (payload.issues.length > 0) return
      const message = problemOf(payload.value)
      if (message !== null) payload.issues.push({ code: 'custom', message, input: payload.value })
    }),
  )

export const textRules: Record<TextShape, ReturnType<typeof refusing<string>>> = {
  line: refusing((text) => textProblem(text, 'line')),
  lines: refusing((text) => textProblem(text, 'lines')),
  terminal: refusing((text) => textProblem(text, 'terminal')),
  raw: refusing((text) => textProblem(text, 'raw')),
}

export const timeRule = refusing(timeProblem)

/** Refuses records with more entries than `max`. */
export const entryLimit = (max: number, tooMany = `At most ${max} entries`) =>
  refusing((record: Record<string, unknown>) => (Object.keys(record).length > max ? tooMany : null))
