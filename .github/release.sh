#!/usr/bin/env bash
# Builds what a release publishes into a folder: .github/release.sh v1.2.3 dist
set -euo pipefail
version=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)
cd "$(dirname "$0")/.."

for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64; do
  name="matchq-server-$version-${target/\//-}"
  program="$out/$name/matchq-server"
  [ "${target%/*}" != windows ] || program+=.exe
  CGO_ENABLED=0 GOOS=${target%/*} GOARCH=${target#*/} go build -trimpath \
    -ldflags="-s -X github.com/matchq/matchq/server/internal/app.version=$version" -o "$program" ./server
  cp LICENSE server/README.md "$out/$name"
  if [ "${target%/*}" = windows ]; then
    (cd "$out" && zip -qr "$name.zip" "$name")
  else
    tar -C "$out" --owner=0 --group=0 -czf "$out/$name.tar.gz" "$name"
  fi
  rm -r "${out:?}/$name"
done
go run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.9.0 app -json -licenses -main server \
  -output "$out/matchq-server-$version.cdx.json"
(cd "$out" && sha256sum -- matchq-server-* >SHA256SUMS)
