import { bodyLimit } from '@/server/lib/body-limits'
import type { Problem } from './problem'

/** Reads a JSON object from a body of limited size, or returns a problem that says what is wrong. */
export async function readJsonObject(
  request: Request,
): Promise<{ body: Record<string, unknown>; text: string } | { problem: Problem }> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type))
    return {
      problem: {
        status: 415,
        detail: `Send JSON with the header Content-Type: application/json${type ? `, not ${type}` : ''}`,
      },
    }
  const tooLarge: Problem = { status: 413, detail: `The body has more than ${bodyLimit / 1024} kB` }
  const text = await readText(request, bodyLimit)
  if (text === null) return { problem: tooLarge }
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && !Array.isArray(body))
      return { body: body as Record<string, unknown>, text }
    return {
      problem: {
        status: 422,
        detail: 'The body must be a JSON object',
        errors: [{ path: '', message: 'must be an object' }],
      },
    }
  } catch (error) {
    return { problem: { status: 400, detail: `The body is not JSON: ${(error as Error).message}` } }
  }
}

/** Reads the body as text; null, without reading further, when it has more than `limit` bytes. */
export async function readText(request: Request, limit: number): Promise<string | null> {
  if (Number(request.headers.get('content-length') ?? 0) > limit) return null
  const chunks: Uint8Array[] = []
  let size = 0
  if (request.body)
    for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength
      if (size > limit) return null
      chunks.push(chunk)
    }
  return Buffer.concat(chunks).toString('utf8')
}
