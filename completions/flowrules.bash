# Completion of flowrules for bash. What may come next the tool itself says ("flowrules complete"):
# nothing here knows a verb, an option or a target.
# shellcheck shell=bash

_flowrules() {
    local -a words=() candidates=()
    local i word line glue=
    # Bash takes "name:format" and "--option=value" apart; they are put together again.
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == [:=] || $word == [:=][:=] || -n $glue ]] && ((${#words[@]} > 0)); then
            words[-1]+=$word
        else
            words+=("$word")
        fi
        [[ $word == [:=] || $word == [:=][:=] ]] && glue=1 || glue=
    done
    local current=${words[-1]}
    # The last word may be inside quotes that are still open; the others are whole.
    for i in "${!words[@]}"; do
        word=${words[i]//\\/}
        words[i]=${word//[\'\"]/}
    done

    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :files)
                compopt -o filenames
                while IFS= read -r word; do COMPREPLY+=("$word"); done \
                    < <(compgen -f -- "${words[-1]}")
                ;;
            :folders)
                compopt -o filenames
                while IFS= read -r word; do COMPREPLY+=("$word"); done \
                    < <(compgen -d -- "${words[-1]}")
                ;;
            *) candidates+=("${line%%$'\t'*}") ;;
        esac
    done < <("$1" complete -- "${words[@]}" 2>/dev/null)

    # What stands before the last ':' or '=' is a word of its own to bash, and already there.
    local there=
    [[ $current == *[:=]* ]] && there=${current%"${current##*[:=]}"}
    for word in "${candidates[@]}"; do
        COMPREPLY+=("${word#"$there"}")
    done
}

complete -F _flowrules flowrules
