'use client'

import './globals.css'

/** Replaces the whole document, so it uses none of its styles or components. */
export default function GlobalError({ retry }: { error: unknown; retry: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>Error · Fogdeck</title>
        <main className="mx-auto max-w-md px-6 py-24">
          <h1 className="text-title font-semibold">Could not show this page</h1>
          <p className="mt-2 text-ink-2">The server or the connection failed. Your deployments keep running.</p>
          <button type="button" onClick={retry} className="mt-6 rounded-control border border-control px-3 py-1.5">
            Try again
          </button>
        </main>
      </body>
    </html>
  )
}
