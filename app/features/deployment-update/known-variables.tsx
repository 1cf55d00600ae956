import { Checkbox } from '@/app/ui/form/field'

interface KnownVariablesProps {
  names: string[]
  removed: readonly string[]
  onChange: (removed: string[]) => void
}

/** The existing variables by name; each can be removed, and replaced by setting it in the rows below. */
export function KnownVariables({ names, removed, onChange }: KnownVariablesProps) {
  if (names.length === 0) return null
  return (
    <fieldset>
      <legend className="font-medium">Existing variables</legend>
      <p className="mb-2 text-meta text-ink-3">Unchanged unless removed here or set below.</p>
      <div className="space-y-1">
        {names.map((name) => (
          <Checkbox
            key={name}
            label={
              <>
                Remove <span className="font-mono text-meta">{name}</span>
              </>
            }
            checked={removed.includes(name)}
            onChange={(event) =>
              onChange(event.target.checked ? [...removed, name] : removed.filter((one) => one !== name))
            }
          />
        ))}
      </div>
    </fieldset>
  )
}
