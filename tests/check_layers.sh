#!/usr/bin/env bash
# Enforces the arrows of docs/architecture.md on every #include below ROOT (default: this checkout).
# Prints one line per breach and fails if there is any.
#
#   simulator <- devices;  simulator <- mapping <- nn <- experiments <- python, tests
#   within experiments/, from the numbers to what is read of them (a folder includes those before it
#   as `inner` below says):
#     statistics text study measure results run | budget interface | manual figures report paper | commands
#   LibTorch only in .cpp files of nn/, and never together with fmt
#   includes of ours are written from the root of the repository and exist
#   a type of namespace ohmic is defined in one header: two of one name in one program are one to the
#   linker, and the compiler sees it only where it reads both together
set -euo pipefail
cd -- "${1:-$(dirname -- "${BASH_SOURCE[0]}")/..}"

folders=()
for folder in simulator devices mapping nn experiments python tests; do
  [[ ! -d $folder ]] || folders+=("$folder")
done
generated=ohmic_commit.hpp
breaches=0

find "${folders[@]}" -path tests -prune -o -name '*.hpp' -print | LC_ALL=C sort | xargs -r awk '
  FNR == 1 { inside = 0 }
  /^namespace / { inside = /^namespace ohmic \{/ }
  inside && /^(struct|class|enum class) [A-Za-z0-9_]+( final)?( :[^:].*)? \{/ {
    name = $1 == "enum" ? $3 : $2
    if (name in defined) {
      print FILENAME ":" FNR ": " name " is another type in " defined[name]
      breaches = 1
    }
    defined[name] = FILENAME ":" FNR
  }
  END { exit breaches }' || breaches=1

find "${folders[@]}" -type f \( -name '*.[ch]pp' -o -name '*.cu' -o -name '*.cuh' \) \
  -not -path 'tests/install/*' -print0 |
  xargs -0 grep -HnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]' |
  awk -v generated="$generated" '
    BEGIN {
      allowed["simulator"] = " simulator "
      allowed["devices"] = " simulator devices "
      allowed["mapping"] = " simulator mapping "
      allowed["nn"] = " simulator mapping nn "
      allowed["experiments"] = " simulator devices mapping nn experiments "
      allowed["python"] = " simulator devices mapping nn experiments python "
      allowed["tests"] = " simulator devices mapping nn experiments tests "
      inner["statistics"] = " statistics "
      inner["text"] = inner["statistics"] "text "
      inner["study"] = inner["text"] "study "
      inner["measure"] = inner["study"] "measure "
      inner["budget"] = inner["measure"] "budget "
      inner["manual"] = inner["budget"] "manual "
      inner["results"] = inner["measure"] "results "
      inner["run"] = inner["results"] "run "
      inner["figures"] = inner["results"] "figures "
      inner["report"] = inner["figures"] "budget run report "
      inner["paper"] = inner["report"] "paper "
      inner["interface"] = inner["budget"] "interface "
      inner["export"] = inner["text"] "export "
      inner["python"] = inner["interface"] "manual run report python ohmic.hpp "
    }
    function breach(why) { print place ": " why; breaches = 1 }
    {
      split($0, field, ":")
      file = field[1]; place = file ":" field[2]
      match($0, /[<"][^>"]*[>"]/)
      quote = substr($0, RSTART, 1); name = substr($0, RSTART + 1, RLENGTH - 2)
      layer = file; sub("/.*", "", layer)
      target = name; sub("/.*", "", target)
      if (target in allowed && index(allowed[layer], " " target " ") == 0)
        breach(layer "/ must not include " target "/ (" name ")")
      if (layer == "experiments" && target == layer) {
        split(file, from, "/"); split(name, to, "/")
        if (from[3] != "" && from[2] != "commands") {
          if (!(from[2] in inner)) breach("experiments/" from[2] "/ has no arrows in check_layers.sh")
          else if (index(inner[from[2]], " " to[2] " ") == 0)
            breach("experiments/" from[2] "/ must not include experiments/" to[2] "/ (" name ")")
        }
      }
      if (quote == "\"" && name != generated) {
        if (!(target in allowed)) breach("\"" name "\" is not written from the root")
        else if ((getline ignored < name) < 0) breach("\"" name "\" does not exist")
        else close(name)
      }
      if (name ~ /^(torch|ATen|c10|caffe2)\//) {
        torch[file] = place
        if (layer != "nn" || file !~ /\.cpp$/) breach("LibTorch is only for .cpp files of nn/")
      }
      if (name ~ /^fmt\//) text[file] = 1
    }
    END {
      for (file in torch) if (file in text) { place = torch[file]
        breach("LibTorch and fmt in one file do not link") }
      exit breaches
    }' || breaches=1
exit $breaches
