-- Tokens that were made before had all rights of their users, and keep them.
ALTER TABLE "api_tokens" ADD COLUMN "scope" TEXT NOT NULL DEFAULT 'admin';
ALTER TABLE "api_tokens" ALTER COLUMN "scope" DROP DEFAULT;

ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_scope_check" CHECK ("scope" IN ('admin', 'operator', 'viewer'));
