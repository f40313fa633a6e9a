# Completes mlflow-instances, and npx mlflow-instances.
# Written by `npx mlflow-instances completion`; write it anew after an upgrade.

# The project that the shell is in.
_mlflow_instances_project() {
  local folder=$PWD
  while [ -n "$folder" ]; do
    if [ -f "$folder/Pulumi.yaml" ] && [ -d "$folder/stacks" ]; then
      printf '%s' "$folder"
      return
    fi
    folder=${folder%/*}
  done
}

_mlflow_instances_stacks() {
  local file
  for file in "$(_mlflow_instances_project)"/stacks/Pulumi.*.yaml; do
    [ -f "$file" ] || continue
    file=${file##*/Pulumi.}
    printf '%s\n' "${file%.yaml}"
  done
}

# The instances of a stack, or of all.
_mlflow_instances_instances() {
  local folder file
  for folder in "$(_mlflow_instances_project)"/stacks/instances/*; do
    if [ -n "$1" ] && [ "${folder##*/}" != "$1" ]; then continue; fi
    for file in "$folder"/*.yaml; do
      [ -f "$file" ] || continue
      file=${file##*/}
      printf '%s\n' "${file%.yaml}"
    done
  done | sort -u
}

# Sets the offered commands and options of a command, and the kinds of their values.
_mlflow_instances_table() {
  case "$1" in
    # the table of commands
  esac
}

_mlflow_instances_offer() {
  local word
  for word in $1; do
    case "$word" in
      "$current"*) COMPREPLY+=("$word") ;;
    esac
  done
}

_mlflow_instances_offer_kind() {
  case "$1" in
    stack) _mlflow_instances_offer "$(_mlflow_instances_stacks)" ;;
    instance) _mlflow_instances_offer "$(_mlflow_instances_instances "$stack")" ;;
    file) COMPREPLY=($(compgen -f -- "$current")) ;;
    =*) _mlflow_instances_offer "$(printf '%s' "${1#=}" | tr ',' ' ')" ;;
  esac
}

# The kind of value that an option takes, if it takes one.
_mlflow_instances_value_of() {
  local value
  for value in $option_values; do
    if [ "${value%%:*}" = "$1" ]; then
      printf '%s' "${value#*:}"
      return
    fi
  done
}

_mlflow_instances() {
  local current=${COMP_WORDS[COMP_CWORD]} at=1 count=0 command_path="" expected="" stack="" word kind
  local offered_commands offered_options option_values argument_kinds
  COMPREPLY=()
  if [ "${COMP_WORDS[0]##*/}" = npx ]; then
    if [ "$COMP_CWORD" -lt 2 ] || [ "${COMP_WORDS[1]}" != mlflow-instances ]; then return; fi
    at=2
  fi
  _mlflow_instances_table ""
  while [ "$at" -lt "$COMP_CWORD" ]; do
    word=${COMP_WORDS[at]}
    at=$((at + 1))
    # bash takes --from=dev for three words.
    if [ "$word" = "=" ]; then continue; fi
    if [ -n "$expected" ]; then
      expected=""
      continue
    fi
    case "$word" in
      -*) expected=$(_mlflow_instances_value_of "$word") ;;
      *)
        case " $offered_commands " in
          *" $word "*)
            command_path="${command_path:+$command_path }$word"
            _mlflow_instances_table "$command_path"
            ;;
          *)
            set -- $argument_kinds
            if [ "$count" -lt "$#" ]; then
              shift "$count"
              if [ "$1" = stack ]; then stack=$word; fi
            fi
            count=$((count + 1))
            ;;
        esac
        ;;
    esac
  done
  if [ "$current" = "=" ]; then current=""; fi
  if [ -n "$expected" ]; then
    _mlflow_instances_offer_kind "$expected"
    return
  fi
  case "$current" in
    -*)
      _mlflow_instances_offer "$offered_options"
      return
      ;;
  esac
  _mlflow_instances_offer "$offered_commands"
  set -- $argument_kinds
  if [ "$count" -lt "$#" ]; then
    shift "$count"
    _mlflow_instances_offer_kind "$1"
  fi
}

complete -F _mlflow_instances mlflow-instances
complete -o default -F _mlflow_instances npx
