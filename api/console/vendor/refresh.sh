#!/bin/sh
# For maintainers: takes the version named here from its package, as npm has checked it, and notes what it looked like.
# Users of the console need neither npm nor a network.
set -eu
cd "$(dirname "$0")"
folder=$(mktemp -d)
npm pack --silent --pack-destination "$folder" htmx.org@4.0.1
tar -xzf "$folder"/htmx.org-4.0.1.tgz -C "$folder"
cp "$folder"/package/dist/htmx.min.js htmx.min.js
cp "$folder"/package/LICENSE htmx.LICENSE.txt
rm -r "$folder"
sha256sum htmx.min.js htmx.LICENSE.txt > SHA256SUMS
