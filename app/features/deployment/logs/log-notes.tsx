import { CircleAlert, Info, Unplug } from 'lucide-react'
import { colorText } from '@/app/ui/status/status'
import type { LogNote } from './notes'

const icons = { unknown: Unplug, failed: CircleAlert, quiet: Info }
const shown = 4

/** Notes about the shown logs, one per line. */
export function LogNotes({ notes, connected }: { notes: readonly LogNote[]; connected: boolean }) {
  const lost: LogNote[] = connected
    ? []
    : [{ replicaId: 'none', color: 'unknown', text: 'Connecting… No lines will be lost.' }]
  const all = [...lost, ...notes]
  if (all.length === 0) return null
  return (
    <ul aria-label="About these logs" className="space-y-1 px-4 pb-2 text-ink-2 md:px-6">
      {all.slice(0, shown).map(({ replicaId, color, text }) => {
        const Icon = icons[color]
        return (
          <li key={replicaId} className="flex items-start gap-1.5">
            <Icon size={14} aria-hidden className={`mt-[3px] shrink-0 ${colorText[color]}`} />
            <span className="min-w-0 break-words">{text}</span>
          </li>
        )
      })}
      {all.length > shown && <li className="pl-5 text-ink-3">and {all.length - shown} more</li>}
    </ul>
  )
}
