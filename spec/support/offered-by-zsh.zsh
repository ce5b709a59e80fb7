# zsh offered-by-zsh.zsh SCRIPT LINE...: what an interactive zsh with SCRIPT offers at the end of each line. Of each, one
# line with the words, separated by tabs.
zmodload zsh/zpty
script=$1
shift
export TERM=dumb
zpty terminal zsh -f -i
zpty -w terminal "PROMPT=; unsetopt prompt_cr prompt_sp; autoload -Uz compinit && compinit -u -D; source ${(q)script}"
# Whatever is to be offered comes by this function, but for calls that only ask what would match.
zpty -w terminal 'compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
  local -a matching; builtin compadd -O matching "$@"; offered+=($matching); builtin compadd "$@"
}'
# A single word has to be inserted by the first key, not only shown.
zpty -w terminal 'tell() {
  local typed=$BUFFER inserted; zle expand-or-complete; inserted=$BUFFER; BUFFER=$typed; CURSOR=$#BUFFER
  typeset -ga offered=(); zle matches
  if (( $#offered == 1 )); then offered=(${${(z)inserted}[-1]%=}); fi
  print -rn -- $'"'\\x01'"'"${(pj:\t:)offered}"$'"'\\x02'"'; BUFFER=; zle accept-line
}'
zpty -w terminal 'zle -C matches list-choices _main_complete; zle -N tell; bindkey "^I" tell; print -n $'"'\\x03'"
zpty -r terminal out $'*\x03*'
for line; do
  zpty -w -n terminal "$line"$'\t'
  zpty -r terminal out $'*\x01*\x02*'
  print -r -- ${${out##*$'\x01'}%%$'\x02'*}
done
zpty -d terminal
