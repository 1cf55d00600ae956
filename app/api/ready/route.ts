import { readiness } from '@/server/api/http/readiness'
import { getServices } from '@/server/wiring'

export const dynamic = 'force-dynamic'

export async function GET() {
  const state = await readiness(getServices())
  return Response.json(state, { status: state.ready ? 200 : 503 })
}
