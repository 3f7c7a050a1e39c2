"""cfn_lint.py TEMPLATE...: the errors and warnings of cfn-lint about each template, by file name.

Left out is W3005, a dependency that is stated though a reference implies it: CDK lets a function wait for its role and the role's policy in
one statement, and only the policy needs it.
"""

import json
import os
import subprocess
import sys

templates = sys.argv[1:]
ran = subprocess.run(
    [sys.executable, "-c", "import sys; from cfnlint.runner import main; sys.exit(main())"]
    + ["--ignore-checks", "W3005", "--format", "json", "--", *templates],
    capture_output=True,
    text=True,
)
# Its exit code is the sum of 2 for errors, and 4 for warnings; 1 and anything without output is a failure of its own.
if ran.returncode == 1 or not ran.stdout.strip():
    sys.exit(f"cfn-lint failed: {ran.stderr}")

findings = {os.path.basename(path): [] for path in templates}
for found in json.loads(ran.stdout):
    path = "/".join(str(part) for part in found["Location"]["Path"] or [])
    findings[os.path.basename(found["Filename"])].append(
        {"level": found["Level"], "rule": found["Rule"]["Id"], "path": path, "message": found["Message"]}
    )
print(json.dumps(findings))
