#!/bin/sh
# Queues two players over HTTP and waits until they are matched.
# usage: enqueue.sh [server [queue [player player]]]
set -eu
server=${1:-http://127.0.0.1:4000}
queue=${2:-history}
one=${3:-alice}
two=${4:-bob}

# enqueue PLAYER: queue a player and print the path of the ticket.
enqueue() {
  answer=$(curl --silent --show-error --fail-with-body --include \
    --header 'Content-Type: application/json' --data "{\"player\":\"$1\"}" \
    "$server/v1/queues/$queue/tickets") || { printf '%s\n' "$answer" >&2; exit 1; }
  printf '%s\n' "$answer" | tr -d '\r' | sed -n 's/^Location: //p'
}

# outcome PATH: wait up to 25 seconds for a ticket to end, and print it.
outcome() {
  curl --silent --show-error --fail-with-body "$server$1?wait=25s"
}

first=$(enqueue "$one")
second=$(enqueue "$two")
echo "$one has $first"
echo "$two has $second"
outcome "$first"
outcome "$second"
