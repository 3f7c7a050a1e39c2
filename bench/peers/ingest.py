"""Reads and cleans one file of order lines. usage: ingest.py <items|titles> <file>"""

import json
import sys
import time

import pandas as pd

from order_lines import read_sales, read_titled_lines
from stopwatch import peak_megabytes

job, file = sys.argv[1:]
started = time.perf_counter()
lines = read_sales(file) if job == "items" else read_titled_lines(file)
seconds = time.perf_counter() - started
peak = peak_megabytes()
read = len(pd.read_csv(file, usecols=[0], skip_blank_lines=False))
print(json.dumps({"seconds": seconds, "read": read, "kept": len(lines), "peakMegabytes": peak}))
