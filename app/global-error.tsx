'use client'

import './globals.css'

/** Takes the place of the whole document, so it leans on nothing of it. */
export default function GlobalError({ retry }: { error: unknown; retry: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>Error · Fogdeck</title>
        <main className="mx-auto max-w-md px-6 py-24">
          <h1 className="text-title font-semibold">Fogdeck could not draw this page</h1>
          <p className="mt-2 text-ink-2">The server or the connection to it failed midway. What runs keeps running.</p>
          <button type="button" onClick={retry} className="mt-6 rounded-control border border-control px-3 py-1.5">
            Try again
          </button>
        </main>
      </body>
    </html>
  )
}
