#!/usr/bin/env bash
# Tags a WordPress post that has no tags yet; needs bash, curl and jq.
#
#   export WORDPRESS=https://blog.example WORDPRESS_USER=me
#   export WORDPRESS_PASSWORD=…    # an application password: Users > Profile in WordPress
#   bash wordpress.sh 42           # the post's number
set -euo pipefail
SPACE=${SPACE:-https://owner-space.hf.space}
API=$WORDPRESS/wp-json/wp/v2

wordpress() {
  curl -sS -u "$WORDPRESS_USER:$WORDPRESS_PASSWORD" -H "Content-Type: application/json" "$@"
}

post=$(wordpress --fail-with-body "$API/posts/$1?context=edit")
if jq -e '.tags != []' <<< "$post" > /dev/null; then
  echo "post $1 has tags" >&2
  exit 0
fi

article='{title: .title.raw, text: .content.raw | gsub("<[^>]*>"; " "), max_tags: 5}'
event=$(jq "$article" <<< "$post" |
  curl -sS --fail-with-body "$SPACE/gradio_api/call/v2/tag" \
    -H "Content-Type: application/json" -d @- | jq -er .event_id)
answer=$(curl -sSN "$SPACE/gradio_api/call/tag/$event" | sed -n 's/^data: //p' | tail -n 1)
tags=$(jq -er '.[0].tags[].tag' <<< "$answer") ||
  { echo "no tags for post $1: $answer" >&2; exit 1; }

ids=()
while IFS= read -r tag; do
  # A tag that is there already is answered by an error that says its number.
  ids+=("$(jq -n --arg name "$tag" '{name: $name}' | wordpress "$API/tags" -d @- |
    jq -e '.id // .data.term_id')")
done <<< "$tags"

jq -n '{tags: ($ARGS.positional | map(tonumber))}' --args "${ids[@]}" |
  wordpress --fail-with-body "$API/posts/$1" -d @- > /dev/null
paste -sd , <<< "$tags"
