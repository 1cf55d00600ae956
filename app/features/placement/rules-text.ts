/** Label rules in one line: "disk = ssd; zone in a, b; gpu exists". Pure. */
import type { Constraint } from '@/core/placement/constraint'

const constraintLine = ({ key, op, values }: Constraint): string =>
  [key, op, values.join(', ')].filter((part) => part !== '').join(' ')

export const rulesText = (constraints: readonly Constraint[]): string => constraints.map(constraintLine).join('; ')

const rulePattern = /^(\S+?)\s*(!=|=|\sin\s|\sexists$)\s*(.*)$/

/** The rules of a line, or the first that is none. */
export function parseRules(text: string): { rules: Constraint[] } | { problem: string } {
  const rules: Constraint[] = []
  for (const part of text.split(';')) {
    const rule = part.trim()
    if (rule === '') continue
    const match = rulePattern.exec(rule)
    if (!match) return { problem: `“${rule}” is no rule: write disk = ssd, zone in a, b or gpu exists` }
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
