#!/bin/sh
# A whole deploy plugin: writes which image says which greeting into a file. Needs jq.
set -eu
say() { jq -cn "$@"; }
fail() { say --arg c "$1" --arg m "$2" --arg h "$3" '{type:"error",error:{code:$c,message:$m,hint:$h,category:"config"}}'; exit 1; }
result() { say --arg s "$1" --arg m "$2" --argjson c "$3" --arg f "$file" \
  '{type:"result",result:{state:$s,summary:$m,changes:$c,outputs:{file:$f}}}'; }
if [ "${1-}" = describe ]; then
  say '{type:"result",result:{name:"hello",version:"1",summary:"Says hello by a file.",protocols:[1],credentials:[],
    operations:["describe","plan","apply","status","rollback"],configSchema:{type:"object",additionalProperties:false,
      required:["file"],properties:{file:{type:"string",description:"The file."},greeting:{type:"string",default:"Hello"}}}}}'
  exit
fi
case ${1-} in plan | apply | status | rollback) ;; *) fail unknown-operation "\"${1-}\" is no operation" "see describe" ;; esac
request=$(cat); get() { printf '%s' "$request" | jq -c "$@" 2>/dev/null; }
[ "$(get .protocol)" = 1 ] || fail invalid-request "this is no request of protocol 1" "run it by slipway deploy"
file=$(get -r .config.file) image=$(get -r '.images|to_entries|.[0].value.reference//"nothing"')
new="$(get -r '.config.greeting//"Hello"') from $image" old=$(cat "$file" 2>/dev/null || true)
changes=$(say --arg f "$file" --arg o "$old" --arg n "$new" '[{action:"write",target:$f,before:$o,after:$n}|select($o!=$n)]')
case ${1-} in
plan) say --arg n "$new" --argjson c "$changes" '{type:"result",result:{summary:"say hello",changes:$c,state:{text:$n}}}' ;;
apply) say '{type:"progress",step:"write",state:"done"}'; [ "$changes" = '[]' ] || printf %s "$old" >"$file.before"
  get -r .plan.state.text | tr -d '\n' >"$file"; result succeeded "it says: $(cat "$file")" "$changes" ;;
status) result "$([ "$changes" = '[]' ] && echo succeeded || echo in-progress)" "it says: $old" '[]' ;;
rollback) [ -e "$file.before" ] || fail nothing-before "there is nothing to go back to" "deploy first"
  cp "$file.before" "$file"; result succeeded "it says again: $(cat "$file")" '[]' ;;
esac
