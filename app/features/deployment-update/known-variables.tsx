import { Checkbox } from '@/app/ui/form/field'

interface KnownVariablesProps {
  names: string[]
  removed: readonly string[]
  onChange: (removed: string[]) => void
}

/** The variables that there are, by name: each may be taken away; a new value is given below. */
export function KnownVariables({ names, removed, onChange }: KnownVariablesProps) {
  if (names.length === 0) return null
  return (
    <fieldset>
      <legend className="font-medium">Variables that it has</legend>
      <p className="mb-2 text-meta text-ink-3">
        They stay as they are. Mark one to take it away; set it below to give it another value.
      </p>
      <div className="space-y-1">
        {names.map((name) => (
          <Checkbox
            key={name}
            label={
              <>
                Take away <span className="font-mono text-meta">{name}</span>
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
