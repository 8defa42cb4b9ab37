#!/bin/sh
# The guestbook's only page. GET shows the messages, read from a Redis follower; POST adds one at the Redis leader.
# Finds both by the service environment variables that every container gets.

leader="$REDIS_LEADER_SERVICE_HOST $REDIS_LEADER_SERVICE_PORT"
follower="$REDIS_FOLLOWER_SERVICE_HOST $REDIS_FOLLOWER_SERVICE_PORT"

# redis "HOST PORT" COMMAND...: fails when Redis does not answer or says no.
redis() {
  address=$1
  shift
  [ "$address" != " " ] && timeout 3 redis-cli -e --raw -h "${address% *}" -p "${address#* }" "$@" 2>/dev/null
}

# The form's only field, as one line of text.
read_message() {
  head -c 4096 | sed -n 's/^message=//p' | { IFS= read -r encoded; httpd -d "$encoded"; } | tr -d '\000-\037\177'
}

escape_html() {
  sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' -e 's/"/\&quot;/g'
}

answer() {
  printf 'Status: %s\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n' "$1"
  [ -z "$2" ] || printf 'Location: %s\r\n' "$2"
  printf '\r\n'
}

page() {
  cat <<PAGE
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Guestbook</title>
<style>
  :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }
  form { display: flex; gap: .5rem; }
  input { flex: 1; min-width: 0; }
  input, button { font: inherit; padding: .5rem .75rem; border: 1px solid var(--line); border-radius: .4rem; }
  ul { list-style: none; padding: 0; }
  li { padding: .6rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
  footer { opacity: .7; font-size: .875rem; }
</style>
<h1>Guestbook</h1>
<form method="post" action="/">
  <input name="message" maxlength="300" required autofocus autocomplete="off" aria-label="Your message"
         placeholder="Leave a message">
  <button>Sign</button>
</form>
$1
<footer>Served by pod <b>$(hostname)</b></footer>
</html>
PAGE
}

unavailable() {
  answer '503 Service Unavailable'
  page '<p role="alert">Redis does not answer at the moment. Please try again.</p>'
  exit
}

if [ "$REQUEST_METHOD" = POST ]; then
  message=$(read_message)
  if [ -n "$message" ]; then
    redis "$leader" lpush messages "$message" >/dev/null || unavailable
  fi
  # Who has just written wants to see it: that page is read from the leader.
  answer '303 See Other' '/?from=leader'
  exit
fi

source=$follower
[ "$QUERY_STRING" = from=leader ] && source=$leader
messages=$(redis "$source" lrange messages 0 99) || messages=$(redis "$leader" lrange messages 0 99) || unavailable
answer '200 OK'
page "<ul>$(printf '%s' "$messages" | escape_html | sed -e '/^$/d' -e 's/.*/<li>&/')</ul>"
