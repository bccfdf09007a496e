#!/bin/sh
# A template for test_templates.c, which tries all that templates have.
# @text
#!/bin/sh
# @if TITLE
# @TITLE@
# @end
# Target @TARGET@; it is said to be @TARGET@.
main() {
    : # @RULES
}
main # @mail, "two \ three"?
