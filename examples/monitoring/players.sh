#!/bin/sh
# Queues players at the nodes in turn until it is stopped, or PLAYERS are queued; every eighth cancels.
# Usage: players.sh [URL...]
set -eu
[ $# -gt 0 ] || set -- http://127.0.0.1:4001 http://127.0.0.1:4002

player=0
while :; do
  for node in "$@"; do
    [ "$player" -lt "${PLAYERS:-1000000000}" ] || exit 0
    player=$((player + 1))
    case $((player % 10)) in
      0) queue=chess ;;
      [1-3]) queue=music ;;
      *) queue=history ;;
    esac
    ticket=$(curl -sS --fail-with-body -H 'Content-Type: application/json' -d "{\"player\":\"$$-$player\"}" \
      "$node/v1/queues/$queue/tickets") || { echo "players.sh: $node: $ticket" >&2; exit 1; }
    if [ $((player % 8)) = 0 ]; then
      id=$(printf %s "$ticket" | sed 's/^{"id":"\([^"]*\)".*/\1/')
      curl -sS -X DELETE -o /dev/null "$node/v1/tickets/$id"
    fi
    sleep "${PAUSE:-0.2}"
  done
done
