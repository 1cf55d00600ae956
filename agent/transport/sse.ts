/** Parses the text/event-stream format (WHATWG HTML, "Server-sent events"): chunks in, events out. */
export interface ServerSentEvent {
  event: string
  data: string
  /** The latest id in the stream, from this event or an earlier one. */
  id: string
}

export const sseParser = (onEvent: (event: ServerSentEvent) => void) => {
  const decoder = new TextDecoder()
  let rest = ''
  let event = ''
  let data: string[] = []
  let id = ''

  const takeLine = (line: string) => {
    if (line === '') {
      if (data.length > 0) onEvent({ event: event || 'message', data: data.join('\n'), id })
      event = ''
      data = []
      return
    }
    const colon = line.indexOf(':')
    // A line that begins with a colon is a comment, which keeps the connection alive.
    if (colon === 0) return
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') event = value
    else if (field === 'data') data.push(value)
    else if (field === 'id' && !value.includes('\0')) id = value
  }

  return (chunk: Uint8Array): void => {
    rest += decoder.decode(chunk, { stream: true })
    // A carriage return at the end of a chunk may be half of a line ending.
    const whole = rest.endsWith('\r') ? rest.length - 1 : rest.length
    const lines = rest.slice(0, whole).split(/\r\n|\n|\r/)
    rest = (lines.pop() ?? '') + rest.slice(whole)
    for (const line of lines) takeLine(line)
  }
}
