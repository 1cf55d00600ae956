import { Facts } from '@/app/ui/layout-parts'
import { formatDuration, formatPercent, formatScore } from '@/app/ui/text/format'
import { coresNumber, coresText, roundMemoryText } from '@/core/placement/resources'
import type { ScoreInputs, Verdict } from '@/core/placement/types'
import { localityText, partLabels, productText } from './labels'

const usage = (percent: number | null): string => (percent === null ? 'unknown' : formatPercent(percent))

const ageText = ({ heartbeatAgeMs }: ScoreInputs): string =>
  heartbeatAgeMs === null ? 'never' : `${formatDuration(heartbeatAgeMs)} before`

/** The raw inputs of one score, and their age. */
export function VerdictInputs({ verdict }: { verdict: Verdict }) {
  const { inputs, parts, notes } = verdict
  return (
    <div className="space-y-3">
      <Facts
        facts={[
          {
            name: 'CPU free of',
            value: `${coresNumber(inputs.freeCpuMillis)} of ${coresText(inputs.capacityCpuMillis)}`,
          },
          {
            name: 'Memory free of',
            value: `${roundMemoryText(inputs.freeMemoryMb)} of ${roundMemoryText(inputs.capacityMemoryMb)}`,
          },
          { name: 'CPU in use', value: usage(inputs.cpuUsagePercent) },
          { name: 'Memory in use', value: usage(inputs.memoryUsagePercent) },
          { name: 'Last heartbeat', value: ageText(inputs) },
          { name: 'Distance', value: localityText(inputs.locality) },
        ]}
      />
      <ul className="flex flex-wrap gap-x-6 gap-y-1 text-ink-2">
        {parts.map((part) => (
          <li key={part.name}>
            {partLabels[part.name]} {productText(part)} = {formatScore(part.contribution)}
          </li>
        ))}
      </ul>
      {notes.map((note) => (
        <p key={note} className="text-ink-2">
          Note: {note}.
        </p>
      ))}
    </div>
  )
}
