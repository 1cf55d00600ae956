'use client'

import type { ReactNode } from 'react'
import { cn } from '@/app/ui/cn'
import { Dialog } from '@/app/ui/overlay/dialog'
import { CopyId } from '@/app/ui/text/copy'
import { ExactTime } from '@/app/ui/text/time'
import { type AuditEntry, differences } from '@/core/audit/audit'
import { fieldLabels, textOf } from '@/core/audit/labels'
import { SubjectLink } from './columns'

/** One entry in full, with each field before and after. */
export function EntryDialog({ entry, onClose }: { entry: AuditEntry; onClose: () => void }) {
  const changes = differences(entry)
  return (
    <Dialog open onClose={onClose} title={textOf(entry.action)}>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
        <Fact name="Time">
          <ExactTime at={entry.at} />
        </Fact>
        <Fact name="Actor">{entry.actor}</Fact>
        {entry.apiToken !== null && <Fact name="With">API token {entry.apiToken}</Fact>}
        <Fact name="From">{entry.address ?? 'unknown'}</Fact>
        <Fact name="Target">
          <SubjectLink subject={entry.subject} />
        </Fact>
        {entry.subject.id !== entry.subject.name && (
          <Fact name="Id">
            <CopyId id={entry.subject.id} shown={36} what="id" />
          </Fact>
        )}
      </dl>
      {changes.length === 0 ? (
        <p className="mt-4 border-t border-line pt-3 text-ink-2">No field changes were recorded.</p>
      ) : (
        <table className="mt-4 w-full table-fixed border-collapse border-t border-line">
          <caption className="sr-only">Changes</caption>
          <thead>
            <tr className="h-8 text-left text-meta text-ink-3">
              {['Field', 'Before', 'After'].map((title) => (
                <th key={title} scope="col" className="pr-3 font-medium last:pr-0">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {changes.map(({ field, before, after }) => (
              <tr key={field} className="border-t border-line align-top">
                <th scope="row" className="py-1.5 pr-3 text-left font-normal break-words text-ink-2">
                  {fieldLabels(field)}
                </th>
                <Value text={before} className="text-ink-2" />
                <Value text={after} />
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Dialog>
  )
}

function Value({ text, className }: { text: string | null; className?: string }) {
  return (
    <td className={cn('py-1.5 pr-3 break-words last:pr-0', className)}>
      {text ?? (
        <>
          <span aria-hidden className="text-ink-3">
            —
          </span>
          <span className="sr-only">none</span>
        </>
      )}
    </td>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  )
}
