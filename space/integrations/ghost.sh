#!/usr/bin/env bash
# Tags a Ghost post that has no tags yet; needs bash, curl, jq and openssl.
#
#   export GHOST=https://blog.example
#   export GHOST_ADMIN_KEY=…       # of a custom integration: Settings > Integrations in Ghost
#   bash ghost.sh 6574a1f0c3       # the post's id
set -euo pipefail
SPACE=${SPACE:-https://owner-space.hf.space}
API=$GHOST/ghost/api/admin/posts/$1/

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# A token for five minutes, as Ghost's Admin API wants it: id and secret of the key sign it.
now=$(date +%s)
head=$(printf '{"alg":"HS256","typ":"JWT","kid":"%s"}' "${GHOST_ADMIN_KEY%%:*}" | base64url)
body=$(printf '{"iat":%d,"exp":%d,"aud":"/admin/"}' "$now" $((now + 300)) | base64url)
sign=$(printf '%s.%s' "$head" "$body" |
  openssl dgst -binary -sha256 -mac HMAC -macopt "hexkey:${GHOST_ADMIN_KEY##*:}" | base64url)

ghost() {
  curl -sS --fail-with-body -H @<(echo "Authorization: Ghost $head.$body.$sign") \
    -H "Content-Type: application/json" -H "Accept-Version: v5.0" "$@"
}

post=$(ghost "$API?formats=html")
if jq -e '.posts[0].tags != []' <<< "$post" > /dev/null; then
  echo "post $1 has tags" >&2
  exit 0
fi

article='.posts[0] | {title, text: (.html // "") | gsub("<[^>]*>"; " "), max_tags: 5}'
event=$(jq "$article" <<< "$post" |
  curl -sS --fail-with-body "$SPACE/gradio_api/call/v2/tag" \
    -H "Content-Type: application/json" -d @- | jq -er .event_id)
answer=$(curl -sSN "$SPACE/gradio_api/call/tag/$event" | sed -n 's/^data: //p' | tail -n 1)
tags=$(jq -ec '[.[0].tags[] | {name: .tag}]' <<< "$answer") ||
  { echo "no tags for post $1: $answer" >&2; exit 1; }

# Ghost takes a change only with the date of the version that it is made of.
jq --argjson tags "$tags" '{posts: [.posts[0] | {updated_at, tags: $tags}]}' <<< "$post" |
  ghost -X PUT "$API" -d @- > /dev/null
jq -r 'map(.name) | join(", ")' <<< "$tags"
