/** Marks simulated nodes; short in tables. */
export function SimulatedMark({ short = false }: { short?: boolean }) {
  return (
    <span title="Simulated node: it starts no real containers." className="text-meta text-ink-3">
      {short ? (
        <>
          <span aria-hidden>sim</span>
          <span className="sr-only">simulated</span>
        </>
      ) : (
        'simulated'
      )}
    </span>
  )
}
