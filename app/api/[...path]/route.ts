import { problemResponse } from '@/server/api/http/problem'

/** Answers unknown API paths with a JSON error instead of a page. */
const handler = (request: Request) =>
  problemResponse({
    status: 404,
    detail: `There is nothing at ${new URL(request.url).pathname}: see /api/openapi.json for all calls`,
  })

export { handler as GET, handler as POST, handler as DELETE, handler as PUT, handler as PATCH }
