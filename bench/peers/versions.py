"""Prints the versions of Python and of the packages named as arguments, and which of those are missing."""

import json
import platform
import sys
from importlib import metadata

versions, missing = {}, []
for package in sys.argv[1:]:
    try:
        versions[package] = metadata.version(package)
    except metadata.PackageNotFoundError:
        missing.append(package)
print(json.dumps({"python": platform.python_version(), "versions": versions, "missing": missing}))
