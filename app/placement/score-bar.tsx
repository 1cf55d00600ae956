import type { ScorePart } from '@/server/domain/placement'
import { cn } from '../ui/cn'
import { formatScore } from '../ui/format'
import { partExplanations, partLabels, productText } from './words'

/** Shades of the accent: colours would say states. The lightest has an outline, so that it is seen on any ground. */
const fills: Record<ScorePart['name'], string> = {
  resources: 'bg-accent',
  load: 'bg-accent-mid',
  locality: 'bg-accent-soft shadow-[inset_0_0_0_1px_var(--accent-mid)]',
}

interface ScoreBarProps {
  parts: ScorePart[]
  score: number
  className?: string
}

/** A score as the sum of its parts: the whole width is 1. */
export function ScoreBar({ parts, score, className }: ScoreBarProps) {
  const words = parts.map((part) => `${part.name} ${productText(part)} = ${part.contribution.toFixed(3)}`)
  return (
    <div
      role="img"
      aria-label={`Score ${formatScore(score)}: ${words.join(', ')}`}
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

export function ScoreLegend({ weights }: { weights: Record<ScorePart['name'], number> }) {
  return (
    <ul className="flex flex-wrap items-center gap-x-4 gap-y-1 text-meta text-ink-3">
      {(['resources', 'load', 'locality'] as const).map((name) => (
        <li key={name} title={partExplanations[name]} className="flex items-center gap-1.5">
          <span className={cn('h-2.5 w-4 rounded-[2px]', fills[name])} aria-hidden />
          {partLabels[name]} × {weights[name].toFixed(2)}
        </li>
      ))}
    </ul>
  )
}
