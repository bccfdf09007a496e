# Makes the pieces of a template (include/flowrules/kits/templates.h) of its file, as lines of C.
#
# usage: awk -f lib/base/templates.awk FILE              the elements of an array
#        awk -v shell=1 -f lib/base/templates.awk FILE   what a linter reads: all lines, put together

function fail(why) {
    print ARGV[1] ": " why >"/dev/stderr"
    failed = 1
    exit 1
}

# The lines of a file, with those of the files that it includes, at the end of lines.
function take(file, depth,    line, got, start) {
    start = count
    while ((got = (getline line <file)) > 0) {
        if (line ~ /^ *# @include [^ ]+$/) {
            sub(/^ *# @include /, "", line)
            if (depth > 3) fail(line " includes itself")
            take(line, depth + 1)
        } else if (line == "# @text" && !(shell && depth == 0)) {
            count = start
        } else {
            lines[++count] = line
        }
    }
    if (got < 0) fail(file " cannot be read")
    close(file)
}

function quoted(text) {
    gsub(/[\\"?]/, "\\\\&", text)
    return "\"" text "\""
}

function condition() {
    return when == "" ? "NULL" : quoted(when)
}

function begin_text() {
    if (!in_text) printf "{%s, NULL,\n", condition()
    in_text = 1
}

function end_text() {
    if (in_text) print "},"
    in_text = 0
}

function put_field(name) {
    end_text()
    printf "{%s, %s, NULL},\n", condition(), quoted(name)
}

function put_line(line,    fields) {
    while (match(line, /@[A-Z][A-Z0-9_]*@/)) {
        if (RSTART > 1) {
            begin_text()
            print quoted(substr(line, 1, RSTART - 1))
        }
        put_field(substr(line, RSTART + 1, RLENGTH - 2))
        line = substr(line, RSTART + RLENGTH)
        fields = 1
    }
    begin_text()
    line = quoted(line)
    print substr(line, 1, length(line) - 1) "\\n\""
    if (fields) end_text()
}

function put_all(    i, line) {
    for (i = 1; i <= count; i++) {
        line = lines[i]
        if (line ~ /^ *# @if [A-Z][A-Z0-9_]*$/) {
            if (when != "") fail("'# @if' in '# @if " when "'")
            end_text()
            when = substr(line, index(line, "@if ") + 4)
        } else if (line ~ /^ *# @end$/) {
            if (when == "") fail("'# @end' without '# @if'")
            end_text()
            when = ""
        } else if (line ~ /^ *(: )?# @[A-Z][A-Z0-9_]*$/) {
            put_field(substr(line, index(line, "# @") + 3))
        } else if (line ~ /^ *(: )?# @/ && line !~ /@[A-Z][A-Z0-9_]*@/) {
            fail("not a word of templates: " line)
        } else {
            put_line(line)
        }
    }
    if (when != "") fail("'# @if " when "' has no '# @end'")
    end_text()
    print "{NULL, NULL, NULL},"
}

BEGIN {
    take(ARGV[1], 0)
    if (!shell) {
        put_all()
    } else {
        for (n = 1; n <= count; n++) print lines[n]
    }
}
