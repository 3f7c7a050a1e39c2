"""A shop's client in Python, boto3 and the standard library: drops files, starts a run with the Step Functions client, looks up.

usage: shop_round_trip.py <endpoints.json> <customer id> <file>...
"""

import json
import sys
import time
import urllib.parse
import urllib.request

import boto3

from stopwatch import Stopwatch

endpoints_file, customer, *files = sys.argv[1:]
with open(endpoints_file) as opened:
    endpoints = json.load(opened)
account = {
    "region_name": endpoints["region"],
    "aws_access_key_id": endpoints["accessKeyId"],
    "aws_secret_access_key": endpoints["secretAccessKey"],
}
s3 = boto3.client("s3", endpoint_url=endpoints["s3"], **account)
states = boto3.client("stepfunctions", endpoint_url=endpoints["stepFunctions"], **account)


def api(path, **query):
    url = f"{endpoints['api']}{path}?{urllib.parse.urlencode(query)}"
    request = urllib.request.Request(url, headers={"authorization": f"Bearer {endpoints['tokens']['reader']}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


watch = Stopwatch()
for path in files:
    s3.upload_file(path, endpoints["bucket"], f"inbox/{path.rsplit('/', 1)[-1]}")
started = states.start_execution(
    stateMachineArn=endpoints["stateMachines"]["segmentRun"], input=json.dumps({"trigger": "by hand"})
)
while (execution := states.describe_execution(executionArn=started["executionArn"]))["status"] == "RUNNING":
    time.sleep(0.05)
watch.lap("run")

segment = api(f"/customers/{customer}/segment")["segment"]["id"]
counted = api(f"/segments/{segment}")["segment"]["customers"]
listed = []
cursor = {}
while cursor is not None:
    page = api(f"/segments/{segment}/members", limit=100, **cursor)
    listed += [member["customerId"] for member in page["data"]]
    cursor = {"cursor": page["cursor"]["next"]} if page["cursor"]["has_more"] else None
watch.lap("look up")

print(
    json.dumps(
        {
            "seconds": watch.seconds,
            "runStatus": execution["status"],
            "segments": len(api("/segments")["data"]),
            "counted": counted,
            "listed": len(set(listed)),
            "isListed": customer in listed,
        }
    )
)
