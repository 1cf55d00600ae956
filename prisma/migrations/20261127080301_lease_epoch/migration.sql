-- AlterTable
ALTER TABLE "evaluations" ADD COLUMN     "lease_epoch" BIGINT;
