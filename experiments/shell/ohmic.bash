# Completion of ohmic for bash: `source` it, or install ohmic.
_ohmic() {
  local program here script words word lines
  program=$(type -P -- "$1") && here=$(dirname -- "$(readlink -f -- "$program")") || return
  for script in "$here/../share/ohmic/candidates" "$here/experiments/shell/candidates"; do
    [[ ! -x $script ]] || break
  done
  read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
  [[ ${COMP_LINE:0:COMP_POINT} != *[[:blank:]] ]] || words+=("")
  word=${words[-1]}
  mapfile -t lines < <("$script" "$program" "${words[@]:1}" 2>/dev/null)
  COMPREPLY=()
  case ${lines[0]-} in
    @folders)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    @files*)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -d -- "$word"
        for extension in ${lines[0]#@files}; do compgen -f -X "!*.$extension" -- "$word"; done) ;;
    *)
      # Where = divides words, bash replaces what is behind it.
      [[ $COMP_WORDBREAKS != *=* || $word != *=* ]] || lines=("${lines[@]#*=}")
      COMPREPLY=("${lines[@]}")
      [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace ;;
  esac
}
complete -F _ohmic ohmic
