"""List prices of AWS in US dollars, US East (N. Virginia), of 2026; no free tier.

Read from public summaries that name AWS's own pages as theirs, not from those pages: SQS, EventBridge with its
Scheduler, CloudWatch, and KMS from cloudburn.io (guides of February and March 2026), fast alarms also from c3x.dev,
SNS from factualminds.com (June 2026), SnapStart from awsnegotiations.com (May 2026). DynamoDB and Lambda are their
prices since November 2024, from memory. Before you rely on one:
aws.amazon.com/{lambda,dynamodb,sqs,eventbridge,cloudwatch,kms,sns}/pricing.
SageMaker's control plane, standard parameters of Parameter Store, CloudTrail's event history and events of AWS's own
services cost nothing.
"""

DATED = "list prices of 2026"
REGION = "US East (N. Virginia)"
MILLION = 1e6

LAMBDA_REQUEST = 0.20 / MILLION
LAMBDA_GB_SECOND = 0.0000133334  # arm64
SNAPSTART_CACHE = 0.0000015046  # of a GB for a second, for each version
SNAPSTART_RESTORE = 0.0001397998  # of a GB
DYNAMODB_WRITE = 0.625 / MILLION  # of 1 KB; twice that in a transaction
DYNAMODB_READ = 0.125 / MILLION  # of 4 KB, consistent
DYNAMODB_GB = 0.25 + 0.20  # a month, with recovery to a point in time
SQS_FIFO = 0.50 / MILLION  # of ten messages
SQS = 0.40 / MILLION
EVENT = 1.00 / MILLION
SCHEDULE = 1.00 / MILLION
ALARM = 0.10  # a month
FAST_ALARM = 0.30  # a month, of one whose period is below a minute, as a group's abort alarm's is
DASHBOARD = 3.00  # a month
METRIC = 0.30  # a month, by the hours in which it is written
LOG_GB = 0.50
KEY = 1.00  # a month
KEY_REQUEST = 0.03 / 10_000
MESSAGE = 0.50 / MILLION
