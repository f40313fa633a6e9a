# Completes mlflow-instances, and npx mlflow-instances.
# Written by `npx mlflow-instances completion`; write it anew after an upgrade.

# The project that the shell is in.
function __mlflow_instances_project
    set -l folder $PWD
    while test -n "$folder"
        if test -f "$folder/Pulumi.yaml" -a -d "$folder/stacks"
            echo $folder
            return
        end
        set folder (string replace -r '/[^/]*$' '' -- $folder)
    end
end

function __mlflow_instances_stacks
    for file in (__mlflow_instances_project)/stacks/Pulumi.*.yaml
        string replace -r '.*/Pulumi\.(.*)\.yaml$' '$1' -- $file
    end
end

# The instances of a stack, or of all.
function __mlflow_instances_instances
    set -l stack $argv[1]
    test -n "$stack"; or set stack '*'
    for file in (__mlflow_instances_project)/stacks/instances/*/*.yaml
        string match -q "*/instances/$stack/*" -- $file
        and string replace -r '.*/(.*)\.yaml$' '$1' -- $file
    end | sort -u
end

# Sets commands, options, values and arguments of a command.
function __mlflow_instances_table
    switch "$argv[1]"
        # the table of commands
    end
end

function __mlflow_instances_offer_kind
    switch "$argv[1]"
        case stack
            __mlflow_instances_stacks
        case instance
            __mlflow_instances_instances $argv[2]
        case file
            __fish_complete_path (commandline -ct)
        case '=*'
            string split , -- (string sub -s 2 -- $argv[1])
    end
end

function __mlflow_instances
    set -l words (commandline -opc)
    set -e words[1]
    test "$words[1]" = mlflow-instances; and set -e words[1]
    set -l path
    set -l expected
    set -l stack
    set -l count 0
    __mlflow_instances_table ""
    for word in $words
        if test -n "$expected"
            set expected
            continue
        end
        if string match -q -- '-*' $word
            for value in $__mlflow_instances_values
                if test (string split -m 1 : -- $value)[1] = $word
                    set expected (string split -m 1 : -- $value)[2]
                end
            end
        else if contains -- $word (string split -f 1 \t -- $__mlflow_instances_commands)
            set -a path $word
            __mlflow_instances_table "$path"
        else
            set count (math $count + 1)
            test "$__mlflow_instances_arguments[$count]" = stack; and set stack $word
        end
    end
    if test -n "$expected"
        __mlflow_instances_offer_kind $expected $stack
        return
    end
    if string match -q -- '-*' (commandline -ct)
        printf '%s\n' $__mlflow_instances_options
        return
    end
    printf '%s\n' $__mlflow_instances_commands
    __mlflow_instances_offer_kind "$__mlflow_instances_arguments[$(math $count + 1)]" $stack
end

complete -c mlflow-instances -f -a '(__mlflow_instances)'
complete -c npx -n 'test (commandline -opc)[2] = mlflow-instances 2>/dev/null' -f -a '(__mlflow_instances)'
