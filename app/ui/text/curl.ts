/** Quotes one word for a POSIX shell: inside single quotes only the single quote itself is special. */
export const shellQuote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

interface CurlRequest {
  method: 'POST' | 'DELETE' | 'GET'
  /** https://fog.example.com */
  origin: string
  /** /api/deployment/deploy */
  path: string
  body?: unknown
}

/**
 * Formats a call for a terminal. The token is read from the shell's environment, so that no secret passes through the
 * clipboard.
 */
export function curlText({ method, origin, path, body }: CurlRequest): string {
  const lines = [`curl -X ${method} ${shellQuote(origin + path)}`, '-H "Authorization: Bearer $FOGDECK_TOKEN"']
  if (body !== undefined) {
    lines.push("-H 'Content-Type: application/json'", `-d ${shellQuote(JSON.stringify(body, null, 2))}`)
  }
  return lines.join(' \\\n  ')
}
