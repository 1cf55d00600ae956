import { openApiDocument } from '@/server/api/openapi'

export const dynamic = 'force-dynamic'

export const GET = (request: Request) => Response.json(openApiDocument(new URL(request.url).origin))
