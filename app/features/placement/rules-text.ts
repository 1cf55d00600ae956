/** Formats and parses label rules in one line: "disk = ssd; zone in a, b; gpu exists". Pure. */
import type { Constraint } from '@/core/placement/constraint'

const constraintLine = ({ key, op, values }: Constraint): string =>
  [key, op, values.join(', ')].filter((part) => part !== '').join(' ')

export const rulesText = (constraints: readonly Constraint[]): string => constraints.map(constraintLine).join('; ')

const rulePattern = /^(\S+?)\s*(!=|=|\sin\s|\sexists$)\s*(.*)$/

/** Returns the rules of a line, or an error that names the first invalid one. */
export function parseRules(text: string): { rules: Constraint[] } | { problem: string } {
  const rules: Constraint[] = []
  for (const part of text.split(';')) {
    const rule = part.trim()
    if (rule === '') continue
    const match = rulePattern.exec(rule)
    if (!match) return { problem: `“${rule}” is not a rule: write disk = ssd, zone in a, b or gpu exists` }
    const [, key = '', op = '', rest = ''] = match
    const operation = op.trim() as Constraint['op']
    const values =
      operation === 'exists'
        ? []
        : operation === 'in'
          ? rest.split(',').flatMap((value) => value.trim() || [])
          : [rest.trim()]
    rules.push({ key, op: operation, values })
  }
  return { rules }
}
