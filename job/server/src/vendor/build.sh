#!/usr/bin/env bash
# Packs the libraries of the web console again, from the versions in package.json: only for whoever changes a version. Needs npm.
set -euo pipefail
here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
out="$here/../main/resources/io/qaexchange/job/server/console/vendor"
work="$(mktemp -d)"
trap 'rm -rf -- "$work"' EXIT
cp -- "$here/package.json" "$here/editor.js" "$work/"
cd -- "$work"
npm install --silent --no-audit --no-fund --no-package-lock
npx esbuild editor.js --bundle --minify --format=esm --target=es2022 --legal-comments=none --outfile="$out/codemirror.js"
cp -- node_modules/lightweight-charts/dist/lightweight-charts.standalone.production.mjs "$out/lightweight-charts.js"
for name in codemirror:@codemirror/view lezer:@lezer/common style-mod:style-mod w3c-keyname:w3c-keyname crelt:crelt \
    find-cluster-break:@marijn/find-cluster-break lightweight-charts:lightweight-charts; do
  cp -- "node_modules/${name#*:}/LICENSE" "$out/LICENSE-${name%%:*}.txt"
done
sha256sum "$out"/*.js
