"""Copies one file, attributes included, to every path on stdin: copyObjects.py <folder> <file>.

The embedded object store keeps an object as a file with attributes.
"""

import os
import sys

folder, template = sys.argv[1:]
with open(os.path.join(folder, template), "rb") as file:
    content = file.read()
attributes = {
    name: os.getxattr(os.path.join(folder, template), name)
    for name in os.listxattr(os.path.join(folder, template))
}
for line in sys.stdin:
    path = os.path.join(folder, line.rstrip("\n"))
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(descriptor, content)
    for name, value in attributes.items():
        os.setxattr(descriptor, name, value)
    os.close(descriptor)
