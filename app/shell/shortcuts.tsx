'use client'

import { useRouter } from 'next/navigation'
import { useRef, useState } from 'react'
import { useMe } from '@/app/features/session/me'
import { usePageKeys } from '@/app/ui/keys'
import { Dialog } from '@/app/ui/overlay/dialog'
import { may } from '@/core/accounts/roles'
import { destinations } from './nav'
import { productVersion } from './version'

const chordMs = 1200
/** Earlier than any key press: a key in the page's first second must not count as the second of a pair. */
const notStarted = Number.NEGATIVE_INFINITY

/** Global shortcuts: g and a letter, / for the search field, ? for the help dialog. */
export function Shortcuts() {
  const router = useRouter()
  const { role } = useMe()
  const [sheet, setSheet] = useState(false)
  const startedAt = useRef(notStarted)
  const reachable = destinations.filter(({ permission }) => permission === null || may(role, permission))

  usePageKeys((event) => {
    if (event.key === '?') {
      event.preventDefault()
      setSheet(true)
    } else if (event.key === '/') {
      const field = document.querySelector<HTMLInputElement>('input[type="search"]')
      if (!field) return
      event.preventDefault()
      field.focus()
      field.select()
    } else if (event.key === 'g') {
      startedAt.current = event.timeStamp
    } else if (event.timeStamp - startedAt.current < chordMs) {
      startedAt.current = notStarted
      const target = reachable.find(({ key }) => key === event.key)
      if (!target) return
      event.preventDefault()
      // Stops tables from handling j as well.
      event.stopImmediatePropagation()
      router.push(target.href)
    }
  })

  const groups = [
    {
      title: 'Go to',
      keys: reachable.flatMap(({ key, label }) => (key ? [{ keys: ['g', key], does: label }] : [])),
    },
    {
      title: 'On a page',
      keys: [
        { keys: ['/'], does: 'Search in this list' },
        { keys: ['j'], does: 'Next row' },
        { keys: ['k'], does: 'Previous row' },
        { keys: ['Enter'], does: 'Open the row' },
        { keys: ['x'], does: 'Select the row' },
        { keys: ['n', 'N'], does: 'Next and previous match in logs' },
        { keys: ['f'], does: 'Follow the logs' },
      ],
    },
    {
      title: 'Everywhere',
      keys: [
        { keys: ['Ctrl', 'K'], does: 'Search and commands (or ⌘ K)' },
        { keys: ['?'], does: 'This help' },
        { keys: ['Esc'], does: 'Close' },
      ],
    },
  ]
  return (
    <Dialog open={sheet} onClose={() => setSheet(false)} title="Help">
      <div className="space-y-4">
        {groups.map(({ title, keys }) => (
          <section key={title}>
            <h3 className="mb-1 text-meta text-ink-3">{title}</h3>
            <dl>
              {keys.map(({ keys: pressed, does }) => (
                <div key={does} className="flex items-center justify-between border-b border-line py-1.5 last:border-0">
                  <dt>{does}</dt>
                  <dd className="flex gap-1">
                    {pressed.map((key) => (
                      <kbd
                        key={key}
                        className="min-w-6 rounded-mark border border-control px-1.5 text-center font-sans text-meta"
                      >
                        {key}
                      </kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3 className="mb-1 text-meta text-ink-3">About</h3>
          <p className="py-1.5">Fogdeck {productVersion}</p>
        </section>
      </div>
    </Dialog>
  )
}
