import { cn } from '@/app/ui/cn'
import { formatScore } from '@/app/ui/text/format'
import { type ScorePart, type ScorePartName, scorePartNames } from '@/core/placement/types'
import { partExplanations, partLabels, productText } from './labels'

/**
 * Shades of the accent, striped for preferences, because other colors would suggest states. The lightest has an outline
 * to stay visible on any background.
 */
const fills: Record<ScorePartName, string> = {
  resources: 'bg-accent',
  load: 'bg-accent-mid',
  locality: 'bg-accent-soft shadow-[inset_0_0_0_1px_var(--accent-mid)]',
  preferences: 'bg-[repeating-linear-gradient(90deg,var(--accent)_0_2px,var(--accent-soft)_2px_5px)]',
  spread: 'bg-[repeating-linear-gradient(0deg,var(--accent)_0_1px,var(--accent-soft)_1px_4px)]',
  affinity: 'bg-[repeating-linear-gradient(135deg,var(--accent)_0_2px,var(--accent-soft)_2px_5px)]',
}

interface ScoreBarProps {
  parts: ScorePart[]
  score: number
  className?: string
}

/** A score as the sum of its parts; the full width is 1. */
export function ScoreBar({ parts, score, className }: ScoreBarProps) {
  const products = parts.map((part) => `${part.name} ${productText(part)} = ${part.contribution.toFixed(3)}`)
  return (
    <div
      role="img"
      aria-label={`Score ${formatScore(score)}: ${products.join(', ')}`}
      className={cn('flex h-3 w-full gap-px rounded-[2px] bg-track', className)}
    >
      {parts.map((part) => (
        <div
          key={part.name}
          title={`${partLabels[part.name]}: ${productText(part)} = ${part.contribution.toFixed(3)}`}
          style={{ width: `${Math.min(100, Math.max(0, part.contribution * 100))}%` }}
          className={cn('h-full first:rounded-l-[2px]', fills[part.name])}
        />
      ))}
    </div>
  )
}

export function ScoreLegend({ weights }: { weights: Partial<Record<ScorePartName, number>> }) {
  return (
    <ul className="flex flex-wrap items-center gap-x-4 gap-y-1 text-meta text-ink-3">
      {scorePartNames.map((name) => {
        const weight = weights[name]
        if (weight === undefined) return null
        return (
          <li key={name} title={partExplanations[name]} className="flex items-center gap-1.5">
            <span className={cn('h-2.5 w-4 rounded-[2px]', fills[name])} aria-hidden />
            {partLabels[name]} × {weight.toFixed(2)}
          </li>
        )
      })}
    </ul>
  )
}
