#!/usr/bin/env bash
# Follows a lot as server-sent events by the documented rules alone; prints where it stands. Arguments: address, token.
set -u
url="http://$1/api/events?lot=main"
auth="Authorization: Bearer $2"
trap 'kill $! 2>/dev/null' EXIT

page=$(curl -sS -H "$auth" "$url&limit=1")
epoch=$(sed 's/.*"epoch":"\([^"]*\)".*/\1/' <<<"$page")
seq=$(sed 's/.*"head":\([0-9]*\).*/\1/' <<<"$page")
echo "start $seq"
while true; do
  while read -r name value; do
    [ "$name" = "id:" ] || continue
    value=${value##*.}
    # Said at the start and by heartbeats, too, where nothing happened.
    [ "$value" -gt "$seq" ] || continue
    [ "$value" -eq $((seq + 1)) ] || break
    seq=$value
    echo "$seq"
  done < <(exec curl -sSN -H "$auth" -H "Accept: text/event-stream" -H "Last-Event-ID: $epoch.$seq" "$url" 2>/dev/null)
  sleep 0.2
done
