# A module of two packages, its test, and what vet says of it.
set -eu
cd /workspace
go version >&2
go vet ./...
go build -o /tmp/program .
/tmp/program
go test ./part >&2
