# Completion of ohmic for fish.
function __ohmic
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l program (command -s -- $words[1])
    set -l here (dirname -- (realpath -- $program))
    set -l script $here/../share/ohmic/candidates
    test -x $script; or set script $here/experiments/shell/candidates
    set -l lines ($script $program $words[2..] "$word" 2>/dev/null)
    switch "$lines[1]"
        case @folders
            __fish_complete_directories $word ''
        case '@files *'
            set -l extensions (string replace @files '' -- $lines[1] | string replace -a ' ' '|\.')
            __fish_complete_path $word | string match -re -- '(/'$extensions')(\t|$)'
        case '*'
            printf '%s\n' $lines
    end
end
complete -c ohmic -f -a '(__ohmic)'
