"""boto3 against an S3: 200 MiB up in parts and down again, 5,000 keys put and listed by pages.

usage: object_round_trip.py <endpoint> <region> <access key id> <secret access key> <bucket> <scratch folder>
"""

import hashlib
import json
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from stopwatch import Stopwatch

endpoint, region, access_key_id, secret_access_key, bucket, scratch = sys.argv[1:]
s3 = boto3.client(
    "s3",
    endpoint_url=endpoint,
    region_name=region,
    aws_access_key_id=access_key_id,
    aws_secret_access_key=secret_access_key,
    config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
)
body = hashlib.shake_256(b"kindred").digest(2**20) * 200
with open(f"{scratch}/up", "wb") as file:
    file.write(body)
parts = TransferConfig(multipart_chunksize=16 * 2**20, max_concurrency=4)
names = [f"round-trip/keys/{number:05d}" for number in range(5000)]
watch = Stopwatch()

s3.upload_file(f"{scratch}/up", bucket, "round-trip/large", Config=parts)
s3.download_file(bucket, "round-trip/large", f"{scratch}/down", Config=parts)
watch.lap("large object")
for name in names:
    s3.put_object(Bucket=bucket, Key=name, Body=b"")
watch.lap("put keys")
pages = [page["Contents"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="round-trip/keys/")]
watch.lap("list keys")

with open(f"{scratch}/down", "rb") as file:
    same = file.read() == body
print(
    json.dumps(
        {
            "seconds": watch.seconds,
            "etag": s3.head_object(Bucket=bucket, Key="round-trip/large")["ETag"],
            "sameBytes": same,
            "pages": [len(page) for page in pages],
            "sameKeys": [entry["Key"] for page in pages for entry in page] == names,
        }
    )
)
