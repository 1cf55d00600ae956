-- AlterTable
ALTER TABLE "audit_log" ADD COLUMN     "api_token_id" UUID;
