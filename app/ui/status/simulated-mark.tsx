/** Marks everything that is not a real machine; short in tables. */
export function SimulatedMark({ short = false }: { short?: boolean }) {
  return (
    <span title="A simulated node: no containers are really started on it." className="text-meta text-ink-3">
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
